// SPDX-License-Identifier: Apache-2.0
// The recorded wire of a port, message by message.
"use strict";

(() => {
  const page = fob.token;
  if (!page) {
    return;
  }
  const { say, make } = page;
  const list = document.getElementById("token-messages");
  const choice = document.getElementById("token-wire-port");
  const record = document.getElementById("token-wire-record");
  const most = 200; // messages that are shown
  let asked = false; // for the messages of the chosen port
  let shown = []; // keys of the messages

  const wirePath = (rest = "") => "/v1/ports/" + encodeURIComponent(choice.value) + "/wire" + rest;
  const chosen = () => page.ports?.find((port) => port.id === choice.value);

  function showTools() {
    const ports = page.ports ?? [];
    const before = choice.value;
    choice.replaceChildren(...ports.map((port) => {
      const option = make("option", "", port.id + (port.addr ? "  " + port.addr : ""));
      option.value = port.id;
      return option;
    }));
    if (ports.some((port) => port.id === before)) {
      choice.value = before;
    }
    document.getElementById("token-wire-tools").hidden = ports.length === 0;
    const port = chosen();
    record.textContent = say(port?.tapping ? "record stop" : "record start");
    document.getElementById("token-wire-lead").textContent = ports.length ? say("wire lead") : say("wire no ports");
    if (before !== choice.value || port?.recorded && !asked) {
      load();
    }
  }

  // word returns a text of the page if there is one, or else the given text.
  function word(key, otherwise) {
    const text = say(key);
    return text === "token " + key ? otherwise : text;
  }

  function item(m) {
    const li = make("li", "token-message");
    li.dataset.from = m.from;
    li.dataset.kind = m.kind;
    const time = make("time", "", m.at.slice(11, 23).replace("Z", ""));
    time.dateTime = m.at;
    const from = make("span", "token-from", say("wire from " + m.from));
    const what = make("div", "token-what");
    const title = make("b", "", m.name ?? say("wire " + m.kind));
    what.append(title);
    const add = (text, className = "") => what.append(" ", make("span", className, text));
    if (m.kind === "request") {
      add(word("wire command " + m.name, ""));
      if (m.repeat) {
        add(say("wire repeat"), "tag warn");
      }
    } else if (m.kind === "answer") {
      add(m.status === "ok" ? "ok" : m.status, "tag " + (m.status === "ok" ? "good" : "bad"));
      if (m.status !== "ok") {
        add(word("wire status " + m.status, m.text));
      }
    } else if (m.kind === "error") {
      add(m.status, "tag bad");
      add(word("wire error " + m.status, m.text));
    }
    const notes = [];
    if (m.seq !== undefined) {
      notes.push("#" + m.seq, say("wire operation " + m.operation));
    }
    notes.push(fob.counted("token wire bytes", m.bytes));
    if (m.took_ms !== undefined) {
      notes.push(say("wire took", m.took_ms.toFixed(1)));
    }
    what.append(make("small", "detail", notes.join(" · ")));
    if (m.fields?.length) {
      const details = make("details");
      details.append(make("summary", "", m.fields.map((f) => f.key).join(", ")));
      const dl = make("dl", "token-fields");
      for (const f of m.fields) {
        const row = make("div");
        row.append(make("dt", "", f.key), make("dd", f.hidden ? "soft" : "", f.text));
        dl.append(row);
      }
      details.append(dl);
      what.append(details);
    }
    li.append(time, from, what);
    return li;
  }

  // show replaces the messages, and keeps those that are shown already.
  function show(answer) {
    const keys = answer.items.map((m) => JSON.stringify([m.at, m.from, m.bytes, m.status, m.seq]));
    let same = 0;
    while (same < shown.length && shown[same] === keys[same]) {
      same++;
    }
    while (list.children.length > same) {
      list.lastChild.remove();
    }
    list.append(...answer.items.slice(same).map(item));
    shown = keys;
    const more = document.getElementById("token-wire-more");
    more.hidden = answer.left_out === 0 && answer.items.length > 0;
    more.textContent = answer.items.length ? fob.counted("token wire more", answer.left_out) : say(answer.tapping ? "wire silent" : "wire empty");
    document.getElementById("token-wire-pcapng").hidden = answer.items.length === 0;
    list.hidden = answer.items.length === 0;
    list.scrollTop = list.scrollHeight;
  }

  let loading = null; // the port whose messages are on their way
  let again = false;
  async function load() {
    if (!choice.value) {
      list.replaceChildren();
      shown = [];
      return;
    }
    asked = Boolean(chosen()?.recorded);
    if (!asked) {
      show({ items: [], left_out: 0, tapping: false });
      return;
    }
    document.getElementById("token-wire-pcapng").href = wirePath("?format=pcapng");
    document.getElementById("token-wire-pcapng").download = choice.value + ".pcapng";
    if (loading === choice.value) {
      again = true;
      return;
    }
    const id = choice.value;
    loading = id;
    try {
      const answer = await fob.api("GET", wirePath("?format=messages&last=" + most));
      if (id === choice.value) {
        show(answer);
      }
    } catch (p) {
      if (p instanceof Error) {
        throw p;
      }
      if (id === choice.value) {
        asked = false;
        show({ items: [], left_out: 0, tapping: false });
        if (p.code !== "not_recorded" && !page.isGone()) {
          fob.say(page.problem(p), "bad");
        }
      }
    } finally {
      loading = loading === id ? null : loading;
    }
    if (again) {
      again = false;
      load();
    }
  }

  record.addEventListener("click", () => page.act(record, async () => {
    const port = await fob.api("PUT", wirePath(), { on: !chosen()?.tapping });
    document.dispatchEvent(new CustomEvent("fob-port", { detail: port })); // shows the tools too
    load();
  }));
  choice.addEventListener("change", () => {
    showTools();
    load();
  });
  document.addEventListener("fob-ports", showTools);
  document.addEventListener("fob-wire", (event) => {
    choice.value = event.detail;
    showTools();
    load();
  });
  // The log says when bytes pass.
  fob.on("events", (lines) => {
    if (chosen()?.tapping && lines.some((e) => e.event === "bytes-in" || e.event === "bytes-out" || e.event === "host-off")) {
      load();
    }
  });
})();
