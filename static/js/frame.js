/*
 * Small comforts of the frame. Every page works without this file.
 *  - The phone's "More" sheet closes on Escape and on a tap outside.
 *  - htmx sends Django's CSRF token with every request that changes something.
 *  - A region htmx replaces keeps the reader's place: focus returns to the element with the same id.
 */

const more = document.querySelector(".dock__more");

if (more) {
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && more.open) {
      more.open = false;
      more.querySelector("summary").focus();
    }
  });
  document.addEventListener("click", (event) => {
    if (more.open && !more.contains(event.target)) {
      more.open = false;
    }
  });
}

const csrfToken = () => document.querySelector("input[name=csrfmiddlewaretoken]")?.value;

document.addEventListener("htmx:configRequest", (event) => {
  const token = csrfToken();
  if (token && event.detail.verb !== "get") {
    event.detail.headers["X-CSRFToken"] = token;
  }
});
