/// How the page shows a conversation: its messages, its tree, and what the model thought of its tokens. Texts of models and
/// people are only ever set as text, never as HTML.
let webPageView = #"""
    const byId = id => conversation.messages.find(message => message.id === id);
    const children = id => conversation.messages.filter(message => (message.parent ?? null) === id);

    function path() {
      const result = [];
      for (let id = conversation?.current; id != null; ) { const m = byId(id); result.unshift(m); id = m.parent ?? null; }
      return result;
    }

    function lastOf(id) {
      for (;;) { const next = children(id); if (!next.length) return id; id = next[next.length - 1].id; }
    }

    function show() {
      $("title").textContent = conversation?.title || "";
      $("with").textContent = conversation?.model || "";
      const messages = path();
      $("talk").replaceChildren(...(messages.length ? messages.map(message) : [empty()]));
      showTree();
      $("talk").scrollTop = $("talk").scrollHeight;
    }

    function empty() {
      const begin = text => make("button", { onclick: () => say(text) }, text);
      return make("div", { id: "empty" }, make("h1", {}, "What shall it be about?"),
        "Every answer can be written anew, and every message edited: nothing is lost, all branches stay in the tree.",
        make("div", {}, begin("Once upon a time"), begin("Tom had a big red ball."), begin("Why is the sky blue?")));
    }

    function message(item) {
      const text = make("div", { class: "text" });
      fill(text, item);
      const siblings = children(item.parent ?? null);
      const who = make("div", { class: "who" });
      const act = (name, title, work) => who.append(make("button", { class: "quiet", title, onclick: work }, name));
      if (siblings.length > 1) {
        const place = siblings.findIndex(other => other.id === item.id);
        const to = step => go(lastOf(siblings[(place + step + siblings.length) % siblings.length].id));
        act("‹", "Earlier branch", () => to(-1));
        who.append((place + 1) + " / " + siblings.length);
        act("›", "Later branch", () => to(1));
      }
      if (item.role === "user") act("Edit", "Say something else here", () => edit(item, text));
      if (item.role === "assistant") {
        act("Again", "Another answer, beside this one", () => regenerate(item.parent));
        act("Fork", "Go on from here; what follows stays in the tree", () => { go(item.id); $("input").focus(); });
        act("Copy", "Copy the text", () => navigator.clipboard?.writeText(item.content).catch(complain));
      }
      return make("div", { class: "message " + item.role, "aria-label": item.role }, text, who);
    }

    function fill(node, item) {
      node.classList.remove("editing");
      const tokens = probabilities[item.id];
      if (tokens) { node.replaceChildren(...tokens.map(piece)); return; }
      const close = item.content.indexOf("</think>");
      if (item.role === "assistant" && item.content.startsWith("<think") && close >= 0)
        node.replaceChildren(make("div", { class: "thought" }, item.content.slice(0, close + 8)),
          item.content.slice(close + 8).trimStart());
      else node.textContent = item.content;
    }

    function edit(item, node) {
      const box = make("textarea", { rows: 3, "aria-label": "Edited message" });
      box.value = item.content;
      node.classList.add("editing");
      node.replaceChildren(box,
        make("button", { class: "strong", onclick: () => say(box.value, item.parent ?? null) }, "Send"), " ",
        make("button", { onclick: () => fill(node, item) }, "Cancel"));
      box.focus();
    }

    function piece(entry) {
      if (!entry.token) return document.createTextNode(entry.text);
      const show = event => hover(event, entry.token);
      const node = make("span", { class: "token", onmouseenter: show, onmouseleave: leave, onclick: show }, entry.text);
      node.style.setProperty("--doubt", 1 - Math.exp(entry.token.logprob));
      return node;
    }

    function hover(event, token) {
      leave();
      const line = (text, logprob) => {
        const share = Math.exp(logprob), bar = make("i");
        bar.style.width = Math.max(1, share * 80) + "px";
        bar.style.marginRight = 88 - Math.max(1, share * 80) + "px";
        return make("div", {}, bar, (share * 100).toFixed(1).padStart(5) + " %  " + JSON.stringify(text));
      };
      const box = make("div", { id: "hover" }, line(token.text, token.logprob), make("div", {}, " "),
        ...token.top.map(other => line(other.text, other.logprob)));
      document.body.append(box);
      const at = event.target.getBoundingClientRect();
      box.style.left = Math.max(4, Math.min(at.left, innerWidth - box.offsetWidth - 8)) + "px";
      box.style.top = (at.bottom + box.offsetHeight + 8 < innerHeight ? at.bottom + 4 : at.top - box.offsetHeight - 4) + "px";
    }
    function leave() { $("hover")?.remove(); }

    // The tree stands open where there is room for it and something to choose, unless the reader has said otherwise.
    let treeWanted = null;
    function showTree() {
      const branches = conversation ? conversation.messages.filter(m => children(m.parent ?? null).length > 1).length : 0;
      const isOpen = treeWanted ?? (branches > 0 && innerWidth > 1000);
      $("tree").hidden = !conversation || !isOpen;
      $("tree-toggle").hidden = !conversation?.messages.length;
      $("tree-toggle").setAttribute("aria-expanded", !$("tree").hidden);
      if (!$("tree").hidden) $("tree").replaceChildren(branch(null, new Set(path().map(item => item.id))));
    }

    // A list of what follows a message. Only where there is a choice does the tree grow deeper; no recursion along a line.
    function branch(id, now) {
      const top = make("ul"), work = [[top, id]];
      while (work.length) {
        let [into, at] = work.pop();
        for (;;) {
          const next = children(at);
          for (const item of next) {
            const entry = make("li", {}, node(item, now));
            into.append(entry);
            if (next.length > 1) { const inner = make("ul"); entry.append(inner); work.push([inner, item.id]); }
          }
          if (next.length !== 1) break;
          at = next[0].id;
        }
      }
      return top;
    }

    function node(item, now) {
      const line = item.content.replace(/\s+/g, " ").trim() || "(nothing)";
      const classes = [item.role, now.has(item.id) ? "now" : "", conversation.current === item.id ? "at" : ""];
      return make("button", { class: classes.join(" "), title: item.role + ": " + line.slice(0, 400),
        onclick: () => go(item.id) }, line.slice(0, 80));
    }

    """#
