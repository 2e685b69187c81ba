/* What a browser does better with a script. Every page is complete without it. */
const one = (selector) => document.querySelector(selector);
const live = one("#live");
const say = (text) => {
  if (live && text) live.textContent = text;
};

/* A second click does nothing while the first is on its way; when no answer comes, it works again. */
let sentAt = 0;
addEventListener("submit", (event) => {
  if (Date.now() - sentAt < 8000) return event.preventDefault();
  sentAt = Date.now();
  document.body.classList.add("busy");
});
addEventListener("pageshow", () => {
  sentAt = 0;
  document.body.classList.remove("busy");
});

one("form[data-auto]")?.requestSubmit();

/* A password can be looked at while it is typed; it is sent hidden, so that no browser keeps it as a text. */
for (const button of document.querySelectorAll("[data-shows]")) {
  const field = document.getElementById(button.dataset.shows);
  const words = [button.textContent, button.dataset.hide];
  const turn = (shown) => {
    field.type = shown ? "text" : "password";
    button.textContent = words[Number(shown)];
  };
  button.hidden = false;
  button.addEventListener("click", () => turn(field.type === "password"));
  field.form.addEventListener("submit", () => turn(false));
}

/* Countdowns: the end of the code, and when a text can be sent again. */
for (const timer of document.querySelectorAll("[data-seconds]")) {
  const { seconds, shape, end, say: words, soon } = timer.dataset;
  const endsAt = Date.now() + seconds * 1000;
  let told = seconds <= 60;
  /* A new text node each time: one that grows in the middle of a button counts as having moved. */
  const write = (text) => timer.replaceChildren(text);
  /* Who listens to the page hears the button's name, and not each second. */
  const button = timer.closest("button");
  if (button) {
    timer.ariaHidden = "true";
    timer.insertAdjacentHTML("beforebegin", '<span class="unseen"></span>');
    timer.previousSibling.textContent = end;
  }
  const tick = () => {
    const left = Math.ceil((endsAt - Date.now()) / 1000);
    if (left <= 0) {
      clearInterval(beat);
      write(end);
      timer.removeAttribute("role");
      button?.classList.remove("waiting");
      return say(words);
    }
    write(shape.replace("0:00", `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`));
    if (left <= 60 && !told) {
      told = true;
      say(soon);
    }
  };
  const beat = setInterval(tick, 250);
  tick();
}

/* The browser offers the code out of the text (WebOTP); typing and sending by hand go on working meanwhile. */
const code = one("[autocomplete=one-time-code]");
if (code && "OTPCredential" in window) {
  const stop = new AbortController();
  code.form.addEventListener("submit", () => stop.abort());
  navigator.credentials.get({ otp: { transport: ["sms"] }, signal: stop.signal }).then(
    (found) => {
      if (!found?.code || code.value) return;
      code.value = found.code;
      code.form.requestSubmit();
    },
    () => {},
  );
}

const look = async () =>
  new DOMParser().parseFromString(await (await fetch(location.href)).text(), "text/html");

/* When it arrived, by the clock of whoever reads it. */
const tellTime = () => {
  const line = one("[data-at]");
  if (!line) return;
  const at = new Date(line.dataset.at * 1000);
  const time = at.toLocaleTimeString(document.documentElement.lang, { hour: "numeric", minute: "2-digit" });
  line.textContent = line.dataset.clock.replace("0:00", time);
};
tellTime();

/* What becomes of the text: asks for its state alone, and looks at the page where that has changed. Nothing of this sends. */
const shown = () => one("[data-delivery]");
const isOpen = () => /^sen/.test(shown()?.dataset.delivery ?? "");
let looks = 200;
let waiting;
const follow = async () => {
  if (!isOpen() || document.hidden || looks-- < 1) return;
  const answer = await fetch(`${location.pathname}/delivery`, { headers: { accept: "application/json" } });
  if (!answer.ok) return;
  const { state } = await answer.json();
  if (state !== shown().dataset.delivery) {
    if (state === "failed" && !code?.value) return location.reload();
    const now = (await look()).querySelector("[data-delivery]");
    if (now) {
      shown().replaceWith(now);
      tellTime();
      say(shown().textContent.trim());
    }
  }
  plan(looks > 180 ? 1500 : 4000);
};
const plan = (ms) => {
  clearTimeout(waiting);
  waiting = setTimeout(() => follow().catch(() => plan(8000)), ms);
};
if (isOpen()) plan(1000);
document.addEventListener("visibilitychange", () => document.hidden || plan(0));

/* The demo phone. */
const phone = one("#screen");
if (phone) {
  setInterval(async () => {
    const now = (await look().catch(() => null))?.getElementById("screen");
    if (!now || now.innerHTML === phone.innerHTML) return;
    phone.replaceChildren(...now.childNodes);
    phone.scrollTo(0, 0);
  }, 2000);
}
