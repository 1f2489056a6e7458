"use strict";
const at = location.pathname.replace(/\/$/, "");
const the = id => document.getElementById(id);
const number = n => n.toLocaleString("en-GB");
const several = (n, what) => number(n) + " " + what + (n === 1 ? "" : "s");

let source;        // the stream, while there is one
let startsAt = 0;  // when the next attempt may start, by the clock of this page
let shown;         // what was shown last

function state(name, text) {
  if (the("state").textContent !== text) the("state").textContent = text;
  the("state").dataset.state = name;
}

// What is said of an import changes a few times, unlike its numbers, so it is read out.
function notice(text) {
  if (the("notice").textContent !== text) the("notice").textContent = text;
}

function show(job) {
  shown = job;
  const names = {pending: "Waiting", running: "Running", succeeded: "Done", failed: "Failed", cancelled: "Cancelled"};
  state(job.state, job.cancelling ? "Stopping…" : names[job.state]);
  the("import").dataset.state = job.state;
  const percent = Math.floor(100 * job.rows / job.total);
  the("percent").textContent = percent + " %";
  the("rows").textContent = number(job.rows) + " of " + several(job.total, "row") + (job.skipped ? ", " + number(job.skipped) + " skipped" : "");
  the("bar").max = job.total;
  the("bar").value = job.rows;
  document.title = job.final ? names[job.state] + " – Import" : percent + " % – Import";
  startsAt = job.state === "pending" ? Date.now() + job.startsIn : 0;
  say();
  the("cancel").hidden = job.final;
  the("cancel").disabled = job.cancelling;
  the("restart").hidden = job.state !== "failed" && job.state !== "cancelled";
  the("attempts").replaceChildren(...job.attempts.map(attempt => {
    const line = document.createElement("li"), name = document.createElement("b"), what = document.createElement("span");
    name.textContent = "Attempt " + attempt.number;
    what.textContent = attempt.outcome + (attempt.message ? ": " + attempt.message : "");
    line.append(name, what);
    return line;
  }));
  the("attempts-title").hidden = job.attempts.length === 0;
  if (job.final) source.close(); // it would come back for ever
}

// say says in words how the import stands.
function say() {
  const job = shown;
  if (!job) return;
  const left = Math.ceil((startsAt - Date.now()) / 1000);
  switch (job.state) {
    case "pending": return notice(job.attempts.length === 0 ? "" : left > 0 ? "The next attempt starts in a few seconds." : "The next attempt is about to start.");
    case "running": return notice(job.cancelling ? "The import was asked to stop." : "The import goes on when this page is closed.");
    case "succeeded": return notice(several(job.imported, "row") + " imported, " + number(job.skipped) + " skipped as they were there already.");
    case "failed": return notice(job.message + ".");
    case "cancelled": return notice("The import was cancelled. What was imported stays.");
  }
}
setInterval(say, 500);

function over(name, text) {
  state(name, text);
  notice("");
  for (const id of ["cancel", "restart"]) the(id).hidden = true;
  source.close();
}

function listen() {
  source = new EventSource(at + "/events");
  // The browser comes back by itself, unless the server has refused it.
  source.onerror = () => source.readyState === EventSource.CLOSED
    ? over("lost", "Not available")
    : state("lost", "Reconnecting…");
  source.addEventListener("status", e => show(JSON.parse(e.data)));
  source.addEventListener("failed", () => notice("The import cannot be read."));
  source.addEventListener("gone", () => over("gone", "Gone"));
}
listen();

async function change(button, what) {
  the("problem").textContent = "";
  button.disabled = true;
  try {
    const answer = await fetch(at + "/" + what, {method: "POST"});
    if (!answer.ok) the("problem").textContent = "Not done: " + (await answer.text()).trim() + ".";
    return answer.ok;
  } catch {
    the("problem").textContent = "The server does not answer.";
    return false;
  } finally {
    button.disabled = button.id === "cancel" && shown?.cancelling;
  }
}
the("cancel").onclick = () => change(the("cancel"), "cancel");
the("restart").onclick = async () => {
  // Somebody else may have been faster, which the stream shows as well.
  await change(the("restart"), "restart");
  if (source.readyState === EventSource.CLOSED) listen();
};
