/// What the page does: it asks the server and keeps what is said.
let webPageScript = #"""
    const $ = id => document.getElementById(id);
    const fields = ["temperature", "top_p", "presence_penalty", "frequency_penalty", "max_tokens", "seed"];
    const kept = ["system", "reasoning_effort", "theme", "shade", ...fields];
    let conversation = null, aborting = null, probabilities = {};

    for (const id of kept) {
      const value = localStorage.getItem("rwkv." + id);
      if (value !== null) $(id).value = value;
      $(id).addEventListener("change", () => { localStorage.setItem("rwkv." + id, $(id).value); colours(); });
    }
    // A key is kept for this tab only.
    $("key").value = sessionStorage.getItem("rwkv.key") || "";
    $("key").addEventListener("change", () => { sessionStorage.setItem("rwkv.key", $("key").value); start(); });

    function colours() {
      const theme = $("theme").value;
      if (theme) document.documentElement.dataset.theme = theme; else delete document.documentElement.dataset.theme;
      $("talk").className = $("shade").value;
    }

    function make(name, attributes, ...children) {
      const node = document.createElement(name);
      for (const [key, value] of Object.entries(attributes || {}))
        if (key.startsWith("on")) node.addEventListener(key.slice(2), value); else node.setAttribute(key, value);
      node.append(...children);
      return node;
    }

    function complain(error) {
      $("error").hidden = !error;
      $("error").textContent = error ? (error.message || String(error)) : "";
    }

    async function ask(path, options = {}) {
      const headers = { "Content-Type": "application/json" };
      if ($("key").value) headers.Authorization = "Bearer " + $("key").value;
      const response = await fetch(path, { ...options, headers });
      if (response.ok) return response;
      let message = "The server answered " + response.status + ".";
      try { message = (await response.json()).error.message; } catch {}
      throw new Error(message);
    }
    const json = async (path, method, body) =>
      (await ask(path, { method: method || "GET", body: body && JSON.stringify(body) })).json();

    async function start() {
      complain(null);
      try {
        const models = (await json("/v1/models")).data;
        $("model").replaceChildren(...models.map(model => make("option", {}, model.id)));
        await list();
      } catch (error) { complain(error); }
    }

    async function list() {
      const all = (await json("/v1/conversations")).data;
      if (!all.length) return $("list").replaceChildren(make("p", {}, "No conversations yet"));
      $("list").replaceChildren(...all.map(item => make("div", { class: conversation?.id === item.id ? "now" : "" },
        make("button", { class: "open", onclick: () => open(item.id) }, item.title || "untitled"),
        make("button", { class: "remove", title: "Remove", "aria-label": "Remove " + (item.title || "untitled"),
          onclick: () => remove(item) }, "✕"))));
    }

    async function remove(item) {
      if (!confirm("Remove “" + (item.title || "untitled") + "”?")) return;
      try {
        await json("/v1/conversations/" + item.id, "DELETE");
        if (conversation?.id === item.id) { conversation = null; show(); }
        await list();
      } catch (error) { complain(error); }
    }

    async function open(id) {
      try {
        conversation = await json("/v1/conversations/" + id);
        document.body.classList.remove("menu");
        show();
        await list();
      } catch (error) { complain(error); }
    }

    async function go(id) {
      try {
        await json("/v1/conversations/" + conversation.id, "PATCH", { current: id });
        conversation.current = id;
        show();
      } catch (error) { complain(error); }
    }

    function settings() {
      const body = { stream: true, top_logprobs: 5 };
      for (const id of fields) if ($(id).value !== "") body[id] = Number($(id).value);
      if ($("reasoning_effort").value) body.reasoning_effort = $("reasoning_effort").value;
      return body;
    }

    async function say(content, parent) {
      if (aborting || !content.trim()) return;
      try {
        if (!conversation) {
          const made = await json("/v1/conversations", "POST",
            { model: $("model").value, title: content.trim().slice(0, 60), system: $("system").value || undefined });
          await open(made.id);
        }
        await answer("messages", { content, parent: parent === undefined ? conversation.current ?? null : parent });
      } catch (error) { complain(error); }
    }
    const regenerate = id => answer("regenerate", { message: id }).catch(complain);

    async function answer(kind, body) {
      if (aborting) return;
      complain(null);
      aborting = new AbortController();
      busy(true);
      const id = conversation.id, entries = [];
      let failure = null;
      try {
        const response = await ask("/v1/conversations/" + id + "/" + kind,
          { method: "POST", body: JSON.stringify({ ...settings(), ...body }), signal: aborting.signal });
        let node = null;
        for await (const event of events(response.body)) {
          if (event.error) throw new Error(event.error.message);
          if (event.type === "user" || event.type === "regenerate") {
            if (event.type === "user") conversation.messages.push(event.message);
            conversation.current = event.message.id;
            show();
            node = make("div", { class: "text" });
            $("talk").append(make("div", { class: "message assistant writing", "aria-label": "assistant" }, node));
            $("talk").scrollTop = $("talk").scrollHeight;
          } else if (event.type === "text") {
            entries.push(event);
            const atEnd = $("talk").scrollHeight - $("talk").scrollTop - $("talk").clientHeight < 80;
            node.append(piece(event));
            if (atEnd) $("talk").scrollTop = $("talk").scrollHeight;
          } else if (event.type === "assistant") {
            probabilities[event.message.id] = entries;
            conversation.messages.push(event.message);
            conversation.current = event.message.id;
          }
        }
      } catch (error) {
        if (error.name !== "AbortError") failure = error;
      }
      const wasStopped = aborting.signal.aborted;
      aborting = null;
      busy(false);
      if (wasStopped) await keptBy(id, conversation.messages.length);
      if (wasStopped || failure) await open(id); else { show(); await list(); }
      if (failure) complain(failure);
    }

    // What was stopped is kept by the server a moment later, if there was any of it.
    async function keptBy(id, known) {
      for (let attempt = 0; attempt < 15; attempt++) {
        await new Promise(done => setTimeout(done, 100));
        try { if ((await json("/v1/conversations/" + id)).messages.length > known) return; } catch { return; }
      }
    }

    function busy(isWriting) {
      $("send").hidden = isWriting; $("stop").hidden = !isWriting;
    }

    async function* events(stream) {
      const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
      let held = "";
      for (;;) {
        const { value, done } = await reader.read();
        if (done) return;
        held += value;
        let end;
        while ((end = held.indexOf("\n\n")) >= 0) {
          const line = held.slice(0, end);
          held = held.slice(end + 2);
          if (line.startsWith("data: ") && line !== "data: [DONE]") yield JSON.parse(line.slice(6));
        }
      }
    }

    $("form").addEventListener("submit", event => {
      event.preventDefault();
      const text = $("input").value;
      if (aborting || !text.trim()) return;
      $("input").value = "";
      grow();
      say(text);
    });
    function grow() {
      $("input").style.height = "";
      $("input").style.height = Math.max(44, $("input").scrollHeight + 2) + "px";
    }
    $("input").addEventListener("input", grow);
    $("input").addEventListener("keydown", event => {
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); $("form").requestSubmit(); }
    });
    $("stop").addEventListener("click", () => aborting?.abort());
    document.addEventListener("keydown", event => { if (event.key === "Escape") { leave(); aborting?.abort(); } });
    $("talk").addEventListener("scroll", leave);
    $("new").addEventListener("click", () => { conversation = null; complain(null); show(); list(); $("input").focus();
      document.body.classList.remove("menu"); });
    $("menu").addEventListener("click", event => { event.stopPropagation(); document.body.classList.toggle("menu"); });
    document.querySelector("main").addEventListener("click", () => document.body.classList.remove("menu"));
    $("tree-toggle").addEventListener("click", () => { treeWanted = $("tree").hidden; showTree(); });
    matchMedia("(max-width: 1000px)").addEventListener("change", showTree);
    colours();
    show();
    start();
    """#
