// SPDX-License-Identifier: Apache-2.0
// What the wall does to one token, or to all that are selected. Each is a request to the
// HTTP API.
"use strict";

(() => {
  const wall = fob.wall;
  if (!wall) {
    return;
  }
  const bar = document.getElementById("wall-bar");
  const failures = document.getElementById("wall-failures");
  const progress = document.getElementById("wall-progress");
  const atOnce = 4; // requests: browsers open six connections to a server, one is for the live messages

  const at = (token, verb) => "/v1/tokens/" + token.id + (verb ? "/" + verb : "");

  // press presses the button of one token.
  wall.press = async (face, hold) => {
    if (!face.button) {
      fob.say(fob.text("wall no button", wall.nameOf(face)));
      return;
    }
    const row = wall.faces.get(face.tag)?.row;
    row?.classList.add("pressed");
    setTimeout(() => row?.classList.remove("pressed"), 180);
    try {
      await fob.api("POST", at(face, "press"), hold ? { hold } : undefined);
    } catch (problem) {
      fob.say(wall.nameOf(face) + ": " + problem.detail, "bad");
    }
  };

  // The actions. Each takes the values of its form and returns what to do to one token.
  const post = (verb, body) => (token) => fob.api("POST", at(token, verb), body);
  const actions = {
    press: () => post("press"),
    temperature: ({ celsius }) => post("temperature", { celsius: Number(celsius) }),
    age: ({ years, months, celsius }) => post("age", { by: `P${years}Y${months}M`, celsius: Number(celsius) }),
    battery: (values) => post("battery", { do: values.do }),
    remove: () => (token) => fob.api("DELETE", at(token)),
    faults: ({ fault, segment }) => (fault === "none" ? mend : async (token) => {
      const now = await fob.api("GET", at(token, "faults"));
      const and = (kind) => [...new Set([...(now[kind] ?? []), ...(fault === kind ? [segment] : [])])];
      return fob.api("PUT", at(token, "faults"), {
        dead: and("dead"),
        ghost: and("ghost"),
        flash_fail: now.flash_fail || fault === "flash_fail",
        power_cut_at: fault === "power_cut_at" ? 1 : now.power_cut_at ?? 0,
      });
    }),
  };
  // mend mends a token and its lines.
  async function mend(token) {
    await fob.api("DELETE", at(token, "faults"));
    for (const port of (await fob.api("GET", at(token, "ports"))).items) {
      await fob.api("DELETE", "/v1/ports/" + encodeURIComponent(port.port) + "/faults");
    }
  }

  let stopped = true;
  wall.working = () => !stopped;

  // run does something to all selected tokens that can do it, and lists those that failed.
  async function run(name, one) {
    const all = wall.selection.list();
    const tokens = name === "press" ? all.filter((token) => token.button !== false) : all;
    const failed = [];
    let done = 0;
    let next = 0;
    stopped = false;
    failures.hidden = true;
    progress.hidden = false;
    bar.classList.add("working");
    const [label, text, meter] = progress.children;
    const tell = () => {
      meter.max = tokens.length;
      meter.value = done;
      text.textContent = fob.text("wall progress", wall.number(done), wall.number(tokens.length));
    };
    label.textContent = fob.text("wall doing " + name);
    tell();
    const worker = async () => {
      while (next < tokens.length && !stopped) {
        const token = tokens[next++];
        try {
          await one(token);
          if (name === "remove") {
            wall.selection.drop(token.tag);
          }
        } catch (problem) {
          failed.push({ token, detail: [problem.detail, ...(problem.errors ?? []).map((e) => e.message)].join(" ") });
          if (problem.status === 0) {
            stopped = true; // nothing answers
          }
        }
        done++;
        tell();
      }
    };
    await Promise.all(Array.from({ length: atOnce }, worker));
    report(name, tokens.length, done, failed, all.length - tokens.length);
    stopped = true;
    progress.hidden = true;
    bar.classList.remove("working");
    wall.tidy();
  }

  function report(name, all, done, failed, without) {
    const good = done - failed.length;
    const rest = all - done;
    const parts = [wall.counted("wall done " + name, good)];
    if (rest > 0) {
      parts.push(wall.counted("wall not done", rest));
    }
    if (without > 0) {
      parts.push(wall.counted("wall without button", without));
    }
    if (failed.length > 0) {
      parts.push(wall.counted("wall failed", failed.length));
      listFailures(failed);
    }
    fob.say(parts.join(" "), failed.length > 0 ? "bad" : "good");
  }

  function listFailures(failed) {
    failures.querySelector("h2").textContent = wall.counted("wall failed", failed.length);
    failures.querySelector("ul").replaceChildren(...failed.map(({ token, detail }) => {
      const line = document.createElement("li");
      const link = document.createElement("a");
      link.href = wall.pathOf(token);
      link.textContent = token.name;
      line.append(link, ": " + detail);
      return line;
    }));
    failures.failed = failed.map(({ token }) => token);
    failures.hidden = false;
  }
  failures.addEventListener("click", (event) => {
    const value = event.target.closest("button")?.value;
    if (value === "select") {
      wall.selection.set(failures.failed);
    }
    if (value) {
      failures.hidden = true;
    }
  });

  bar.addEventListener("click", (event) => {
    const value = event.target.closest("button")?.value;
    if (value === "press") {
      run("press", actions.press({}));
    } else if (value === "stop") {
      stopped = true;
    }
  });

  // A snapshot of all is one request.
  async function snapshot({ name }) {
    const tokens = wall.selection.list();
    try {
      const made = await fob.api("POST", "/v1/snapshots", { name, tokens: tokens.map((token) => token.id) });
      fob.say(wall.counted("wall done snapshot", made.tokens, made.name), "good");
    } catch (problem) {
      fob.say([problem.detail, ...(problem.errors ?? []).map((e) => e.message)].join(" "), "bad");
    }
  }

  for (const dialog of document.querySelectorAll('dialog[id^="wall-"]')) {
    const name = dialog.id.replace("wall-", "");
    dialog.addEventListener("close", () => {
      if (dialog.returnValue !== "ok") {
        return;
      }
      const values = Object.fromEntries(new FormData(dialog.querySelector("form")));
      dialog.returnValue = "";
      if (name === "snapshot") {
        snapshot(values);
      } else {
        run(name, actions[name](values));
      }
    });
  }
  // A dialog names how many tokens it is about.
  document.addEventListener("click", (event) => {
    const id = event.target.closest("#wall-bar [data-dialog]")?.dataset.dialog;
    const about = id && document.getElementById(id).querySelector(".wall-about");
    if (about) {
      about.textContent = wall.counted("wall about", wall.selection.list().length);
      document.getElementById(id).returnValue = "";
    }
  });
  const fault = document.getElementById("wall-fault");
  const showSegment = () => {
    fault.form.querySelector("[data-for=segment]").hidden = !["dead", "ghost"].includes(fault.value);
  };
  fault.addEventListener("change", showSegment);
  showSegment();
})();
