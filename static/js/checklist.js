/*
 * The checklist answers a thumb at once. Every tap works without this file, as a plain form.
 *  - A tapped row says what it is about to be; the server's row replaces it, or the row goes back to what it was and a
 *    sentence says why. A tap that was not saved for want of a connection is said on its row until it is tapped again.
 *  - What others do arrives every two seconds while the page is looked at, and waits where somebody is typing.
 */

const LOGIN = "/account/login/";
const UNSENT = "Not saved: no connection. Tap again when it is back.";
const UNANSWERED = "No answer came. Tap again if this row has not changed when the connection is back.";
const BACK = "The connection is back. Rows that say they were not saved wait for another tap.";
const FAILED = "That did not work, and nothing was changed. Load the page again and look at the item.";
const ALONE = "No connection: what others do is not shown until it is back.";

const poll = document.getElementById("live");
const minute = document.getElementById("live-minute");
const before = new WeakMap();
// Rows whose last tap did not get through, by id: what is said there, and what was tapped.
const unsent = new Map();
let keptVersion = null;

const version = () => document.getElementById("live-since");
// Some of htmx's events are told of the element that is replaced; the one that asked stands in the request.
const asker = (event) => event.detail.requestConfig?.elt ?? event.detail.elt;
const isTap = (event) => asker(event).classList?.contains("item__do");
const isPoll = (event) => asker(event) === poll;
const isMinute = (event) => asker(event) === minute;

const say = (sentence) => {
  const region = document.getElementById("checklist-said");
  if (region && region.textContent !== sentence) {
    region.className = "checklist__said";
    region.textContent = sentence;
  }
};

const sendsElsewhere = (xhr) => Boolean(xhr.responseURL) && new URL(xhr.responseURL).pathname === LOGIN;

const mark = (row, sentence) => {
  row.querySelector(".item__unsent")?.remove();
  if (sentence) {
    const note = document.createElement("span");
    note.className = "item__unsent";
    note.textContent = sentence;
    row.querySelector(".item__text").append(note);
  }
};

const doneBy = (row) => row.querySelector("button.item__do")?.getAttribute("formaction");

const keepUnsent = (button, sentence) => {
  const row = button.closest(".item");
  putBack(button, `${row.querySelector(".item__text > a").textContent}. ${sentence}`);
  unsent.set(row.id, { sentence, tapped: doneBy(row) });
  mark(row, sentence);
};

const putBack = (button, sentence) => {
  const row = button.closest(".item");
  const old = before.get(button);
  if (row && old) {
    row.className = old.row;
    button.textContent = old.label;
    button.removeAttribute("aria-busy");
    before.delete(button);
  }
  say(sentence);
};

document.addEventListener("htmx:configRequest", (event) => {
  if (isTap(event) || isPoll(event) || isMinute(event)) {
    event.detail.timeout = 10000;
  }
});

document.addEventListener("htmx:beforeRequest", (event) => {
  if (document.hidden && (isPoll(event) || isMinute(event))) {
    event.preventDefault();
    return;
  }
  if (isPoll(event)) {
    keptVersion = null;
    return;
  }
  if (!isTap(event)) {
    return;
  }
  const button = asker(event);
  if (before.has(button)) {
    event.preventDefault();
    return;
  }
  // An answer that is on its way was written before this tap.
  window.htmx.trigger(poll, "htmx:abort");
  const row = button.closest(".item");
  before.set(button, { row: row.className, label: button.textContent });
  unsent.delete(row.id);
  mark(row, "");
  row.classList.add("item--sending");
  button.textContent = button.dataset.then;
  button.setAttribute("aria-busy", "true");
  say("");
});

document.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr } = event.detail;
  if (!isTap(event) && !isPoll(event) && !isMinute(event)) {
    return;
  }
  if (sendsElsewhere(xhr)) {
    event.detail.shouldSwap = false;
    window.location.reload();
  } else if (isTap(event) && xhr.status === 409) {
    // Somebody was first: the row as it now stands, and the sentence that says who.
    event.detail.shouldSwap = true;
    event.detail.isError = false;
  }
});

document.addEventListener("htmx:responseError", (event) => {
  if (isTap(event)) {
    putBack(asker(event), FAILED);
  } else if (isPoll(event) && [401, 403, 404].includes(event.detail.xhr.status)) {
    // The role ended: asking again changes nothing.
    poll.remove();
    minute.remove();
  }
});

for (const name of ["htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(name, (event) => {
    if (isTap(event)) {
      keepUnsent(asker(event), name === "htmx:timeout" ? UNANSWERED : UNSENT);
    } else if (isPoll(event) && !unsent.size) {
      say(ALONE);
    }
  });
}

/* Phases are folded: a link to an item opens what it stands in, and an item that is to be done again leaves the completed. */
const unfold = () => {
  const row = /^#item-\d+$/.test(location.hash) ? document.querySelector(location.hash) : null;
  for (let fold = row?.closest("details:not([open])"); fold; fold = row.closest("details:not([open])")) {
    fold.open = true;
  }
  row?.scrollIntoView({ block: "nearest" });
};

document.addEventListener("htmx:afterSettle", ({ target }) => {
  const fold = target.matches(".item:not(.item--completed)") ? target.closest(".phase__over") : null;
  if (fold) {
    fold.closest(".phase").querySelector(".phase__items").append(target);
    fold.querySelector("summary .number").textContent = fold.querySelectorAll(".item").length;
  }
});

/* A row that comes anew keeps what was not saved, as long as the same is to be tapped there. */
document.addEventListener("htmx:oobAfterSwap", () => {
  for (const [id, { sentence, tapped }] of unsent) {
    const row = document.getElementById(id);
    if (row && doneBy(row) === tapped) {
      mark(row, sentence);
    } else {
      unsent.delete(id);
    }
  }
});

unfold();
window.addEventListener("hashchange", unfold);

/* A section in which somebody types or has something open stays as it is; it is asked for again until they are done. */
const isChanged = (field) =>
  field.type !== "hidden" &&
  (["checkbox", "radio"].includes(field.type)
    ? field.checked !== field.defaultChecked
    : field.defaultValue !== undefined && field.value !== field.defaultValue);

const isBeingUsed = (part) =>
  (part.contains(document.activeElement) &&
    document.activeElement.matches("input:not([type=hidden]), textarea, select")) ||
  part.querySelector("dialog[open], #position-panel:not(:empty)") !== null ||
  [...part.querySelectorAll("input, textarea")].some(isChanged);

document.addEventListener("htmx:oobBeforeSwap", (event) => {
  const { target, fragment } = event.detail;
  if (target?.id === "now" && target.textContent.trim() === fragment.textContent.trim()) {
    // It is read out when it changes, and only then.
    event.detail.shouldSwap = false;
  } else if (target?.matches("section") && isBeingUsed(target)) {
    event.detail.shouldSwap = false;
    keptVersion ??= poll?.dataset.version ?? "";
  }
});

document.addEventListener("htmx:afterRequest", (event) => {
  if (!isPoll(event)) {
    return;
  }
  const said = document.getElementById("checklist-said")?.textContent ?? "";
  if (event.detail.successful && said === ALONE) {
    say("");
  } else if (event.detail.successful && [UNSENT, UNANSWERED].some((sentence) => said.endsWith(sentence))) {
    say(unsent.size ? BACK : "");
  }
  if (event.detail.successful && event.detail.xhr.status === 200 && version()) {
    if (keptVersion === null) {
      poll.dataset.version = version().value;
    } else {
      version().value = keptVersion;
    }
  }
});
