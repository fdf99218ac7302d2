/*
 * The page of one item keeps what was filled in while there is no connection: a form is sent once the server has answered
 * a question that costs nothing. Without this file the forms go out as they are.
 */

const UNSENT = "Not saved: no connection. Everything you filled in is still here; send it again when it is back.";
const PATIENCE = 8000;

const isConnected = async () => {
  try {
    await fetch(location.href, { method: "HEAD", cache: "no-store", signal: AbortSignal.timeout(PATIENCE) });
    return true;
  } catch {
    return false;
  }
};

const say = (form, sentence) => {
  form.querySelector(".unsent")?.remove();
  if (sentence) {
    const note = document.createElement("p");
    note.className = "unsent";
    note.role = "alert";
    note.textContent = sentence;
    form.append(note);
  }
};

const asked = new WeakSet();

document.getElementById("main").addEventListener("submit", async (event) => {
  const { target: form, submitter } = event;
  if (form.method !== "post") {
    return;
  }
  event.preventDefault();
  if (asked.has(form)) {
    return;
  }
  asked.add(form);
  say(form, "");
  submitter?.setAttribute("aria-busy", "true");
  const connected = await isConnected();
  submitter?.removeAttribute("aria-busy");
  asked.delete(form);
  if (!connected) {
    say(form, UNSENT);
    return;
  }
  // A form that is sent by hand leaves out where its button leads.
  const action = form.getAttribute("action");
  form.action = submitter?.getAttribute("formaction") ?? action;
  form.submit();
  form.setAttribute("action", action);
});
