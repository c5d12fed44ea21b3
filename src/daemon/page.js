// Acts for the page through the JSON API, with a token that is typed once per tab and sent
// in a header. Where reading needs a token, too, it fetches the pages with it.
"use strict";

const TOKEN = "sesbounced-token";
const find = (id) => document.getElementById(id);
const token = () => sessionStorage.getItem(TOKEN);
let remote = false; // whether the pages themselves need the token
let shown = { path: "/" }; // what main has

function headers(more = {}) {
    return token() ? { ...more, Authorization: `Bearer ${token()}` } : more;
}

function say(text) {
    find("said").textContent = text;
}

// --- pages

async function fetchPage({ path, form }) {
    const options = { headers: headers(), cache: "no-store" };
    if (form) {
        options.method = "POST";
        options.body = new URLSearchParams(form);
    }
    const reply = await fetch(path, options);
    const page = new DOMParser().parseFromString(await reply.text(), "text/html");
    return { status: reply.status, page };
}

// Puts another page in the place of this one. What is parsed so runs no script.
async function show(view) {
    const { status, page } = await fetchPage(view);
    if (status === 401) {
        sessionStorage.removeItem(TOKEN);
        location.assign("/");
        return;
    }
    shown = view;
    document.title = page.title;
    document.querySelector("header").replaceWith(page.querySelector("header"));
    find("main").replaceWith(page.getElementById("main"));
    for (const id of ["why", "token-dialog", "sure-dialog"]) {
        const part = page.getElementById(id);
        if (part && !find(id)) {
            find("main").after(part);
        }
    }
    enable();
    find("main").focus();
    window.scrollTo(0, 0);
}

async function go(view) {
    try {
        say("");
        await show(view);
    } catch {
        say("There is no answer: is sesbounced running?");
    }
}

async function signIn(event) {
    event.preventDefault();
    sessionStorage.setItem(TOKEN, find("sign-in-token").value.trim());
    const { status, page } = await fetchPage({ path: "/" });
    if (status === 401) {
        sessionStorage.removeItem(TOKEN);
        find("sign-in-fault").textContent = "Nobody knows this token.";
        find("sign-in-token").select();
        return;
    }
    remote = true;
    await go({ path: "/" });
}

// --- dialogs

// Whether it was confirmed.
function ask(dialog) {
    return new Promise((resolve) => {
        dialog.returnValue = "";
        dialog.querySelector("form").reset();
        dialog.querySelector("[data-cancel]").onclick = () => dialog.close("");
        dialog.onclose = () => resolve(dialog.returnValue === "ok");
        dialog.showModal();
    });
}

async function askToken(fault = "") {
    const dialog = find("token-dialog");
    find("token-fault").textContent = fault;
    const asked = ask(dialog);
    const input = dialog.querySelector("input");
    input.focus();
    if (!(await asked)) {
        return false;
    }
    sessionStorage.setItem(TOKEN, input.value.trim());
    input.value = "";
    return true;
}

function askIfSure(address) {
    find("sure-address").textContent = address;
    return ask(find("sure-dialog"));
}

// --- acts

function members(form) {
    const data = {};
    for (const [name, value] of new FormData(form)) {
        if (name === "ids") {
            data.ids = [Number(value)];
        } else if (name === "until" && value) {
            data.until = `${value}T00:00:00Z`;
        } else if (value.trim()) {
            data[name] = value.trim();
        }
    }
    return data;
}

async function post(path, data) {
    const reply = await fetch(path, {
        method: "POST",
        headers: headers({ "Content-Type": "application/json" }),
        body: JSON.stringify(data),
    });
    return { status: reply.status, answer: await reply.json() };
}

// Repeats what needs a token, or to be asked twice. Undefined: it was called off.
async function change(path, data) {
    if (!token() && !(await askToken())) {
        return undefined;
    }
    for (;;) {
        const { status, answer } = await post(path, data);
        if (status === 409 && data.address && !data.complaint) {
            if (!(await askIfSure(data.address))) {
                return undefined;
            }
            data.complaint = true;
        } else if (status === 401 || status === 403) {
            if (!remote) {
                sessionStorage.removeItem(TOKEN);
            }
            if (!(await askToken(status === 401 ? "Nobody knows this token." : answer.detail))) {
                return undefined;
            }
        } else {
            return { status, answer };
        }
    }
}

async function act(form, button) {
    const path = button?.getAttribute("formaction") ?? form.dataset.path;
    const data = members(form);
    const buttons = form.querySelectorAll("button");
    if ("complaint" in form.dataset && path.endsWith("/remove")) {
        if (!(await askIfSure(data.address))) {
            return;
        }
        data.complaint = true;
    }
    buttons.forEach((each) => (each.disabled = true));
    try {
        const done = await change(path, data);
        if (!done) {
            return;
        }
        if (done.status !== 200) {
            say(done.answer.detail);
            return;
        }
        const view = data.address ? { path: "/why", form: { address: data.address } } : shown;
        await show(view);
        say(done.answer.changed ? "Done." : "Nothing had to be changed.");
    } catch {
        say("There is no answer: is sesbounced running?");
    } finally {
        buttons.forEach((each) => (each.disabled = false));
    }
}

// --- what a person does

// Without a token the browser itself opens pages.
function submitted(event) {
    const form = event.target;
    if (form.classList.contains("act")) {
        event.preventDefault();
        act(form, event.submitter);
    } else if (form.id === "sign-in") {
        signIn(event);
    } else if (remote && form.getAttribute("action") === "/why") {
        event.preventDefault();
        const value = event.submitter?.value || form.querySelector("input").value;
        go({ path: "/why", form: { address: value } });
    }
}

function clicked(event) {
    const link = event.target.closest?.("a");
    if (remote && link?.getAttribute("href") === "/") {
        event.preventDefault();
        go({ path: "/" });
    }
}

// What works only with a script.
function enable() {
    document.querySelectorAll("form.act, #sign-in").forEach((form) => (form.hidden = false));
    const typed = document.querySelector(".why input[name=address]");
    if (typed && shown.path === "/") {
        shown = { path: "/why", form: { address: typed.value } };
    }
}

document.addEventListener("submit", submitted);
document.addEventListener("click", clicked);
enable();
if (find("sign-in")) {
    if (token()) {
        remote = true;
        go({ path: "/" });
    } else {
        find("sign-in-token").focus();
    }
}
