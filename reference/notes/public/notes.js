// Answers with a status that is no success still hold a form with its problems:
// show them.
"use strict";
document.addEventListener("htmx:beforeSwap", (event) => {
  const status = event.detail.xhr.status;
  if (status === 400 || status === 401 || status === 403 || status === 409 || status === 429) {
    event.detail.shouldSwap = true;
    event.detail.isError = false;
  }
});
