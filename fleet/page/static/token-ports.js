// SPDX-License-Identifier: Apache-2.0
// The ports of a token: attach, unplug, replug, remove, and the faults of the line.
"use strict";

(() => {
  const page = fob.token;
  if (!page) {
    return;
  }
  const { say, act, make } = page;
  const list = document.getElementById("token-port-list");
  const portPath = (id, rest = "") => "/v1/ports/" + encodeURIComponent(id) + rest;

  // The fields of a direction of the line, with the largest value and the step.
  const fields = [
    ["drop", 1, "any"], ["flip", 1, "any"], ["double", 1, "any"], ["insert", 1, "any"],
    ["baud", 100000000, 1], ["unplug_after", 2000000000, 1], ["stall_at", 2000000000, 1], ["stall", "", ""], ["seed", Number.MAX_SAFE_INTEGER, 1],
  ];

  // build makes the fields of a direction.
  function build(fieldset, id) {
    const way = fieldset.dataset.way;
    for (const [name, max, step] of fields) {
      const field = make("div", "field");
      const label = make("label", "", say("line " + name));
      const input = make("input");
      input.id = label.htmlFor = `token-line-${id}-${way}-${name}`;
      input.name = name;
      if (max === "") {
        input.placeholder = "PT2S";
      } else {
        input.type = "number";
        input.min = 0;
        input.max = max;
        input.step = step;
        input.placeholder = "0";
      }
      field.append(label, input);
      fieldset.append(field);
    }
  }

  // fill shows the faults of the line in the form.
  function fill(item, port) {
    for (const way of ["in", "out"]) {
      for (const [name] of fields) {
        item.querySelector(`[data-way=${way}] [name=${name}]`).value = port[way][name] ?? "";
      }
    }
  }

  function read(fieldset) {
    const line = {};
    for (const input of fieldset.querySelectorAll("input")) {
      if (input.value.trim() !== "") {
        line[input.name] = input.type === "number" ? Number(input.value) : input.value.trim();
      }
    }
    return line;
  }

  const faulty = (line) => Object.keys(line).some((name) => name !== "seed");

  const faultsOf = (port) => JSON.stringify([port?.in, port?.out]);

  // show updates the item of a port. Its form keeps what a person enters, until the faults
  // of the line change.
  function show(item, port) {
    const at = (selector) => item.querySelector(selector);
    item.dataset.port = port.id;
    if (faultsOf(item.port) !== faultsOf(port)) {
      fill(item, port);
    }
    item.port = port;
    at("b").textContent = port.id;
    const plugged = Boolean(port.addr);
    const broken = faulty(port.in) || faulty(port.out);
    at(".tag").textContent = say(!plugged ? "port unplugged" : broken ? "port faulty" : "port plugged");
    at(".tag").className = "tag " + (!plugged ? "quiet" : broken ? "warn" : "good");
    at(".token-addr").textContent = port.addr ?? "";
    at("[data-act=copy]").hidden = !plugged;
    at("[data-act=plug]").textContent = say(plugged ? "unplug" : "replug");
    at("[data-act=record]").textContent = say(port.tapping ? "record stop" : "record start");
    for (const button of item.querySelectorAll("button")) {
      button.setAttribute("aria-label", say("of port", button.textContent, port.id));
    }
  }

  function add(port) {
    const item = document.getElementById("token-port").content.cloneNode(true).firstElementChild;
    build(item.querySelector("[data-way=in]"), port.id);
    build(item.querySelector("[data-way=out]"), port.id);
    show(item, port);
    list.append(item);
    return item;
  }

  const find = (id) => [...list.children].find((item) => item.dataset.port === id);

  // update shows a port as an answer has it.
  function update(port) {
    if (!port) {
      return;
    }
    const item = find(port.id);
    if (item) {
      show(item, port);
    } else {
      add(port);
    }
    changed();
  }

  function changed() {
    document.getElementById("token-port-none").hidden = list.children.length > 0;
    fob.token.ports = [...list.children].map((item) => item.port);
    document.dispatchEvent(new CustomEvent("fob-ports"));
  }

  // load shows the ports as they are now.
  async function load() {
    const answer = await act(null, () => fob.api("GET", page.path("/ports")));
    if (!answer) {
      return;
    }
    for (const item of [...list.children]) {
      if (!answer.items.some((port) => port.id === item.dataset.port)) {
        item.remove();
      }
    }
    for (const port of answer.items) {
      const item = find(port.id);
      if (item) {
        show(item, port);
      } else {
        add(port);
      }
    }
    changed();
  }

  const deeds = {
    copy: (item) => page.copy(item.port.addr, item.querySelector(".token-addr"), say("address copied")),
    plug: (item, button) => act(button, async () => {
      const port = await fob.api("POST", portPath(item.port.id, item.port.addr ? "/unplug" : "/replug"));
      update(port);
      fob.say(port.addr ? say("replugged", port.id, port.addr) : say("unplugged", port.id), "good");
    }),
    record: (item, button) => act(button, async () => {
      update(await fob.api("PUT", portPath(item.port.id, "/wire"), { on: !item.port.tapping }));
      document.dispatchEvent(new CustomEvent("fob-wire", { detail: item.port.id }));
    }),
    line: (item, button) => {
      const form = item.querySelector("form");
      form.hidden = !form.hidden;
      button.setAttribute("aria-expanded", String(!form.hidden));
    },
    mend: (item, button) => act(button, async () => {
      update(await fob.api("DELETE", portPath(item.port.id, "/faults")));
      fill(item, item.port);
      fob.say(say("line mended", item.port.id), "good");
    }),
    rm: async (item, button) => {
      const id = item.port.id;
      if (await page.ask(say("port remove ask", id), say("port remove text"), say("port remove yes"))) {
        await act(button, async () => {
          await fob.api("DELETE", portPath(id));
          item.remove();
          changed();
          fob.say(say("port removed", id), "good");
          document.getElementById("token-attach-kind").focus();
        });
      }
    },
  };

  list.addEventListener("click", (event) => {
    const button = event.target.closest("[data-act]");
    if (button) {
      deeds[button.dataset.act](button.closest("li"), button);
    }
  });

  list.addEventListener("submit", (event) => {
    event.preventDefault();
    const item = event.target.closest("li");
    act(event.submitter, async () => {
      const line = { in: read(event.target.querySelector("[data-way=in]")), out: read(event.target.querySelector("[data-way=out]")) };
      update(await fob.api("PUT", portPath(item.port.id, "/faults"), line));
      fob.say(say("line changed", item.port.id), "good");
    });
  });

  document.getElementById("token-attach").addEventListener("submit", (event) => {
    event.preventDefault();
    const number = document.getElementById("token-attach-number");
    const body = { as: document.getElementById("token-attach-kind").value };
    if (number.value !== "" && body.as !== "pty") {
      body.port = Number(number.value);
    }
    act(event.submitter, async () => {
      const port = await fob.api("POST", page.path("/ports"), body);
      update(port);
      number.value = "";
      fob.say(say("attached", port.id, port.addr), "good");
    });
  });

  const kind = document.getElementById("token-attach-kind");
  const showNumber = () => {
    document.getElementById("token-attach-number").disabled = kind.value === "pty";
  };
  kind.addEventListener("change", showNumber);
  showNumber();

  // The other sections change the ports too.
  document.addEventListener("fob-port", (event) => update(event.detail));

  // Another person, a fault of the line or a terminal that ends can change the ports.
  fob.on("connection", (state) => {
    if (state === "live" && !page.isGone()) {
      load();
    }
  });
  fob.on("events", (lines) => {
    if (lines.some((e) => e.event === "host-on" || e.event === "host-off")) {
      load();
    }
  });
  window.addEventListener("focus", () => {
    if (!page.isGone()) {
      load();
    }
  });
})();
