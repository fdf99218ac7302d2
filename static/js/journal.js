/*
 * Writing an entry without the mouse: accounts complete by code, name or part, totals stand at once, the last line
 * proposes what is missing, and lines come by themselves. Without this file the form works as it is.
 */

const SHOWN = 8;
const MOST_LINES = 100;
const FEWEST = 3;

const form = document.querySelector("[data-entry-form]");
const list = form.querySelector("[data-lines]");
const accounts = [...document.querySelectorAll("#accounts option")].map((option) => option.value);
const scale = 10 ** Number(form.dataset.digits);
const sign = form.querySelector('[data-total="debit"]').textContent.replace(/[\d.,\u2212\s]/g, "");

/* -- Amounts, in whole minor units ------------------------------------------------------------ */

// What the server refuses counts for nothing: commas stand between thousands, and no more decimals than the currency has.
const minor = (text) => {
  const plain = text.replace(/[\s$\u20ac\u00a3]/g, "");
  const grouped = /^(\d+|\d{1,3}(,\d{3})+)(\.\d+)?$/.test(plain) || /^\.\d+$/.test(plain);
  const decimals = (plain.split(".")[1] ?? "").length;
  return grouped && decimals <= Math.log10(scale) ? Math.round(Number(plain.replace(/,/g, "")) * scale) : 0;
};

const written = (amount) => (amount / scale).toFixed(Math.log10(scale));

const shown = (amount) => {
  const [whole, fraction] = written(Math.abs(amount)).split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  return `${amount < 0 ? "\u2212" : ""}${sign}${grouped}${fraction ? `.${fraction}` : ""}`;
};

const cell = (line, name) => line.querySelector(`[data-cell="${name}"]`);
const lines = () => [...list.querySelectorAll("[data-line]")];
const sides = (line) => [minor(cell(line, "debit").value), minor(cell(line, "credit").value)];

const difference = (except) => lines().reduce((sum, line) => {
  const [debit, credit] = line === except ? [0, 0] : sides(line);
  return sum + debit - credit;
}, 0);

const total = () => {
  const [debit, credit] = lines().map(sides).reduce(([a, b], [c, d]) => [a + c, b + d], [0, 0]);
  form.querySelector('[data-total="debit"]').textContent = shown(debit);
  form.querySelector('[data-total="credit"]').textContent = shown(credit);
  const off = form.querySelector('[data-total="difference"]');
  off.textContent = shown(debit - credit);
  off.classList.toggle("entry-totals__off", debit !== credit);
  off.classList.toggle("entry-totals__even", debit === credit && debit > 0);
};

/* -- The balancing amount ---------------------------------------------------------------------- */

const propose = (line) => {
  const [debit, credit] = [cell(line, "debit"), cell(line, "credit")];
  if ((debit.value && !debit.dataset.proposed) || (credit.value && !credit.dataset.proposed)) {
    return;
  }
  const missing = -difference(line);
  for (const [input, amount] of [[debit, missing], [credit, -missing]]) {
    input.value = amount > 0 && cell(line, "account").value ? written(amount) : "";
    if (input.value) {
      input.dataset.proposed = "yes";
    } else {
      delete input.dataset.proposed;
    }
  }
};

const reproposed = (changed) => {
  for (const line of lines()) {
    if (line !== changed && line.querySelector("[data-proposed]")) {
      propose(line);
    }
  }
};

/* -- Lines --------------------------------------------------------------------------------------- */

const addLine = () => {
  const count = lines().length;
  if (count >= MOST_LINES) {
    return;
  }
  const line = lines().at(-1).cloneNode(true);
  line.setAttribute("aria-label", `Line ${count + 1}`);
  line.querySelectorAll(".errorlist, [role=listbox]").forEach((part) => part.remove());
  for (const input of line.querySelectorAll("[data-cell]")) {
    const name = `line-${count}-${input.dataset.cell}`;
    input.closest(".field").querySelector("label").htmlFor = name;
    input.id = name;
    input.name = name;
    input.value = "";
    for (const attribute of ["aria-invalid", "aria-describedby", "aria-activedescendant", "autofocus", "data-proposed"]) {
      input.removeAttribute(attribute);
    }
  }
  list.append(line);
  form.elements.lines.value = count + 1;
  complete(cell(line, "account"));
};

const keepOneBlank = () => {
  const last = lines().at(-1);
  if ([...last.querySelectorAll("[data-cell]")].some((input) => input.value)) {
    addLine();
  }
};

/* -- Completion ------------------------------------------------------------------------------------ */

const matching = (text) => {
  const asked = text.trim().toLowerCase();
  if (!asked) {
    return accounts.slice(0, SHOWN);
  }
  const rank = (name) => {
    const low = name.toLowerCase();
    const words = asked.split(/\s+/);
    if (low.startsWith(asked)) {
      return 0;
    }
    if (low.includes(` ${asked}`)) {
      return 1;
    }
    return words.every((word) => low.includes(word)) ? 2 : 9;
  };
  return accounts
    .map((name) => [rank(name), name])
    .filter(([place]) => place < 9)
    .sort((one, other) => one[0] - other[0])
    .slice(0, SHOWN)
    .map(([, name]) => name);
};

const close = (input) => {
  input.closest(".field").querySelector("[role=listbox]")?.remove();
  input.setAttribute("aria-expanded", "false");
  input.removeAttribute("aria-activedescendant");
};

const point = (input, options, place) => {
  options.forEach((option, number) => option.setAttribute("aria-selected", number === place ? "true" : "false"));
  if (options[place]) {
    input.setAttribute("aria-activedescendant", options[place].id);
    options[place].scrollIntoView({ block: "nearest" });
  }
};

const open = (input) => {
  close(input);
  const found = matching(input.value);
  if (!found.length || (found.length === 1 && found[0] === input.value)) {
    return;
  }
  const box = document.createElement("ul");
  box.className = "completion";
  box.id = `${input.id}_list`;
  box.setAttribute("role", "listbox");
  box.setAttribute("aria-label", "Accounts");
  found.forEach((name, number) => {
    const option = document.createElement("li");
    option.id = `${input.id}_option_${number}`;
    option.setAttribute("role", "option");
    option.textContent = name;
    // Before the field loses the focus, or the list would be gone.
    option.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      choose(input, name);
    });
    box.append(option);
  });
  input.closest(".field").append(box);
  input.setAttribute("aria-expanded", "true");
  input.setAttribute("aria-controls", box.id);
  point(input, [...box.children], input.value ? 0 : -1);
};

const choose = (input, name) => {
  input.value = name;
  close(input);
  const line = input.closest("[data-line]");
  propose(line);
  keepOneBlank();
  total();
};

const step = (input, by) => {
  const box = input.closest(".field").querySelector("[role=listbox]");
  if (!box) {
    open(input);
    return;
  }
  const options = [...box.children];
  const now = options.findIndex((option) => option.getAttribute("aria-selected") === "true");
  point(input, options, (now + by + options.length) % options.length);
};

const pointed = (input) => input.closest(".field").querySelector('[role=option][aria-selected="true"]');

/* What names no account is told at once, not only when the entry is posted. */
const told = (input) => input.closest(".field").querySelector(".errorlist");

const hush = (input) => {
  told(input)?.remove();
  input.removeAttribute("aria-invalid");
  input.removeAttribute("aria-describedby");
};

const known = (input) => {
  if (!input.value.trim() || matching(input.value).length) {
    return true;
  }
  hush(input);
  const said = document.createElement("ul");
  const why = document.createElement("li");
  why.textContent = `No account has \u201c${input.value.trim().slice(0, 40)}\u201d in its code or name.`;
  said.className = "errorlist";
  said.id = `${input.id}_error`;
  said.setAttribute("role", "alert");
  said.append(why);
  input.before(said);
  input.setAttribute("aria-invalid", "true");
  input.setAttribute("aria-describedby", said.id);
  return false;
};

const complete = (input) => {
  input.removeAttribute("list");
  input.setAttribute("role", "combobox");
  input.setAttribute("aria-autocomplete", "list");
  input.setAttribute("aria-expanded", "false");
};

/* -- Keys ---------------------------------------------------------------------------------------------- */

const next = (input) => {
  const fields = [...form.querySelectorAll("input:not([type=hidden]):not([type=file])")];
  const line = input.closest("[data-line]");
  const isEven = difference(null) === 0 && lines().some((each) => sides(each).some(Boolean));
  if (line && isEven && ["debit", "credit", "memo", "booking"].includes(input.dataset.cell)) {
    form.querySelector("[data-post]").focus();
    return;
  }
  // From an amount on to the next line; a memo of a line is reached by Tab.
  const filled = line && ["debit", "credit"].includes(input.dataset.cell) && input.value;
  const target = filled
    ? line.nextElementSibling && cell(line.nextElementSibling, "account")
    : fields[fields.indexOf(input) + 1];
  (target ?? form.querySelector("[data-post]")).focus();
};

form.addEventListener("keydown", (event) => {
  const { target, key } = event;
  if (key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    form.requestSubmit((event.shiftKey && form.querySelector("[data-another]")) || form.querySelector("[data-post]"));
    return;
  }
  if (!(target instanceof HTMLInputElement) || target.type === "file") {
    return;
  }
  const isAccount = target.dataset.cell === "account";
  if (isAccount && (key === "ArrowDown" || key === "ArrowUp")) {
    event.preventDefault();
    step(target, key === "ArrowDown" ? 1 : -1);
  } else if (isAccount && key === "Escape") {
    close(target);
  } else if (key === "Enter") {
    event.preventDefault();
    if (isAccount && target.value && pointed(target)) {
      choose(target, pointed(target).textContent);
    }
    if (!isAccount || known(target)) {
      next(target);
    }
  } else if (isAccount && key === "Tab" && !event.shiftKey && target.value && pointed(target)) {
    choose(target, pointed(target).textContent);
  }
});

form.addEventListener("input", ({ target }) => {
  if (!target.dataset.cell) {
    return;
  }
  const line = target.closest("[data-line]");
  if (target.dataset.cell === "account") {
    hush(target);
    open(target);
  }
  if (["debit", "credit"].includes(target.dataset.cell)) {
    delete target.dataset.proposed;
    const other = cell(line, target.dataset.cell === "debit" ? "credit" : "debit");
    if (target.value && other.dataset.proposed) {
      other.value = "";
      delete other.dataset.proposed;
    }
    reproposed(line);
  }
  keepOneBlank();
  total();
});

form.addEventListener("focusin", ({ target }) => {
  if (["account", "debit", "credit"].includes(target.dataset?.cell)) {
    target.select();
  }
});

form.addEventListener("focusout", ({ target }) => {
  if (target.dataset?.cell === "account") {
    close(target);
    known(target);
  }
});

form.addEventListener("submit", (event) => {
  // Pressed again while the answer is on its way: the form's key would post once anyhow.
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
});

window.addEventListener("pageshow", () => delete form.dataset.sent);

// Lines come by themselves here, so that only those that are used and one more need to stand.
const isBlank = (line) => [...line.querySelectorAll("[data-cell]")].every((input) => !input.value);
while (lines().length > FEWEST && lines().slice(-2).every(isBlank)) {
  lines().at(-1).remove();
}
form.elements.lines.value = lines().length;
form.querySelector("[name=more]").hidden = true;

lines().forEach((line) => complete(cell(line, "account")));
form.querySelector("[data-keys]").hidden = false;
total();
