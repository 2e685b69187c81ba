/* Asks the browser for a passkey and puts its answer into the form; pages of recovery codes are printed. Nothing is decided here. */
const form = document.querySelector("[data-passkey]");
const bytes = (text) =>
  Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (one) => one.charCodeAt(0));
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replace(/\+/g, "-")
    .replace(/\//g, "_")
    .replace(/=+$/, "");

if (form && window.PublicKeyCredential) {
  const { passkey: act, rp, challenge, credentials, user, name, brand, failed } = form.dataset;
  const known = credentials
    .split(" ")
    .filter(Boolean)
    .map((id) => ({ type: "public-key", id: bytes(id) }));
  const button = form.querySelector("[value=passkey]") ?? form.querySelector("button.main");
  const live = document.querySelector("#live");
  button.hidden = false;
  let waiting = new AbortController();

  const asked = () =>
    act === "create"
      ? navigator.credentials.create({
          signal: waiting.signal,
          publicKey: {
            rp: { id: rp, name: brand },
            user: { id: bytes(user), name, displayName: name },
            challenge: bytes(challenge),
            pubKeyCredParams: [-8, -7, -257].map((alg) => ({ type: "public-key", alg })),
            excludeCredentials: known,
            authenticatorSelection: { residentKey: "preferred", userVerification: "required" },
            attestation: "none",
          },
        })
      : navigator.credentials.get({
          signal: waiting.signal,
          publicKey: {
            rpId: rp,
            challenge: bytes(challenge),
            allowCredentials: known,
            userVerification: "required",
          },
        });

  const send = ({ id, rawId, type, response }) => {
    const given = {};
    for (const part of [
      "clientDataJSON",
      "authenticatorData",
      "signature",
      "userHandle",
      "attestationObject",
    ])
      if (response[part]) given[part] = text(response[part]);
    const transports = response.getTransports?.();
    if (transports) given.transports = transports;
    form.elements.passkey.value = JSON.stringify({ id, rawId: text(rawId), type, response: given });
    form.requestSubmit(button);
  };

  button.addEventListener("click", (event) => {
    if (form.elements.passkey.value) return;
    event.preventDefault();
    if (act === "create" && !form.reportValidity()) return;
    waiting.abort();
    waiting = new AbortController();
    asked().then(send, () => {
      live.textContent = failed;
    });
  });

  /* Offered in the list of the field for the name, while the person may type on. */
  const isFirst = !document.querySelector("#notice");
  if (act === "get" && known.length === 0 && isFirst)
    PublicKeyCredential.isConditionalMediationAvailable?.().then((is) => {
      if (!is) return;
      navigator.credentials
        .get({
          mediation: "conditional",
          signal: waiting.signal,
          publicKey: { rpId: rp, challenge: bytes(challenge), userVerification: "required" },
        })
        .then(send, () => {});
    });
}

const print = document.querySelector("[data-print]");
if (print) {
  print.hidden = false;
  print.addEventListener("click", () => window.print());
}
