/// The page's style: light or dark as the system is or the reader wants, and one column where there is no room for three.
let webPageStyle = """
    :root { --back: #fff; --side: #f6f8fa; --front: #1b1f24; --dim: #5c6672; --line: #dde3e9; --own: #e8f0fe;
      --accent: #0b57d0; --on-accent: #fff; --bad: #b3261e; color-scheme: light; }
    :root[data-theme=dark] { --back: #14171a; --side: #1a1e22; --front: #e4e8ec; --dim: #9aa5b1; --line: #31383f;
      --own: #1e2f4a; --accent: #8ab4f8; --on-accent: #10233f; --bad: #f2b8b5; color-scheme: dark; }
    @media (prefers-color-scheme: dark) { :root:not([data-theme=light]) { --back: #14171a; --side: #1a1e22;
      --front: #e4e8ec; --dim: #9aa5b1; --line: #31383f; --own: #1e2f4a; --accent: #8ab4f8; --on-accent: #10233f;
      --bad: #f2b8b5; color-scheme: dark; } }
    * { box-sizing: border-box; }
    body { margin: 0; height: 100dvh; display: flex; background: var(--back); color: var(--front);
      font: 16px/1.55 system-ui, sans-serif; }
    button, input, select, textarea { font: inherit; color: inherit; background: var(--back);
      border: 1px solid var(--line); border-radius: 8px; padding: 4px 10px; }
    button { cursor: pointer; }
    button:hover { border-color: var(--accent); }
    :focus-visible { outline: 2px solid var(--accent); outline-offset: 1px; }
    button:disabled { opacity: .4; cursor: default; }
    .quiet { border-color: transparent; background: none; color: var(--dim); }
    .quiet:hover { color: var(--front); border-color: var(--line); }
    .strong { background: var(--accent); color: var(--on-accent); border-color: var(--accent); font-weight: 600; }
    #side { width: 280px; flex: none; border-right: 1px solid var(--line); display: flex; flex-direction: column;
      padding: 12px; gap: 12px; background: var(--side); }
    #side header { display: flex; justify-content: space-between; align-items: center; font-size: 18px; }
    #side header button { font-size: 15px; }
    #list { flex: 1; overflow-y: auto; min-height: 60px; }
    #list p { color: var(--dim); font-size: 14px; margin: 4px 8px; }
    #list div { display: flex; border-radius: 8px; }
    #list div.now, #list div:hover { background: var(--own); }
    #list button { border-color: transparent; background: none; }
    #list button.open { flex: 1; text-align: left; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
    #list button.remove { color: var(--dim); opacity: 0; }
    #list div:hover button.remove, #list button.remove:focus-visible { opacity: 1; }
    #settings { overflow-y: auto; max-height: 65%; flex: none; }
    #settings summary { cursor: pointer; font-weight: 600; }
    #settings div { display: grid; grid-template-columns: 1fr 1fr; gap: 8px; padding: 8px 3px 3px; }
    #settings label { color: var(--dim); font-size: 13px; }
    #settings label.wide { grid-column: 1 / 3; }
    #settings label > * { display: block; width: 100%; color: var(--front); font-size: 15px; }
    main { flex: 1; display: flex; flex-direction: column; min-width: 0; }
    #top { display: flex; min-height: 54px; gap: 10px; align-items: center; padding: 9px 14px; border-bottom: 1px solid var(--line); }
    #title { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; font-weight: 600; }
    #with { flex: 1; color: var(--dim); font-size: 14px; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
    #menu { display: none; }
    #middle { flex: 1; display: flex; min-height: 0; }
    #column { flex: 1; display: flex; flex-direction: column; min-width: 0; min-height: 0; }
    #talk { flex: 1; overflow-y: auto; padding: 18px 14px; min-width: 0; }
    #tree { width: 320px; flex: none; border-left: 1px solid var(--line); overflow: auto; padding: 12px;
      font-size: 14px; background: var(--side); }
    #tree ul { list-style: none; margin: 0; padding: 0; }
    #tree ul ul { margin-left: 9px; padding-left: 9px; border-left: 2px solid var(--line); }
    #tree button { display: block; width: 100%; border: 0; padding: 2px 8px; text-align: left; background: none;
      overflow: hidden; text-overflow: ellipsis; white-space: nowrap; color: var(--dim); }
    #tree button:hover { background: var(--own); }
    #tree button.now { color: var(--front); }
    #tree button.at { background: var(--own); font-weight: 600; }
    #tree button::before { content: "○ "; }
    #tree button.user::before { content: "● "; color: var(--accent); }
    .message { max-width: 46rem; margin: 0 auto 6px; }
    .message .text { white-space: pre-wrap; overflow-wrap: anywhere; padding: 8px 14px; border-radius: 14px; }
    .message.user { display: flex; flex-direction: column; align-items: flex-end; }
    .message.user .text { background: var(--own); max-width: 85%; border-bottom-right-radius: 4px; }
    .message.user .text.editing { width: 100%; max-width: none; }
    .message.system .text { color: var(--dim); font-size: 14px; border: 1px dashed var(--line); }
    .message.assistant .text { padding: 4px 0; }
    .message.assistant.writing .text::after { content: "▍"; color: var(--accent); animation: blink 1s steps(2) infinite; }
    @keyframes blink { 50% { opacity: 0; } }
    @media (prefers-reduced-motion: reduce) { .message.assistant.writing .text::after { animation: none; } }
    .who { color: var(--dim); font-size: 13px; display: flex; gap: 2px; align-items: center; min-height: 28px; }
    .who button { font-size: 13px; padding: 0 7px; }
    .editing textarea { width: 100%; margin-bottom: 6px; }
    .thought { color: var(--dim); font-size: 14px; border-left: 3px solid var(--line); padding-left: 10px; }
    .token { border-radius: 3px; }
    .token:hover { background: var(--own); box-shadow: 0 0 0 1px var(--accent); }
    .shaded .token { background: color-mix(in srgb, var(--accent) calc(var(--doubt) * 60%), transparent); }
    #hover { position: fixed; z-index: 4; background: var(--back); border: 1px solid var(--line); border-radius: 8px;
      padding: 8px 12px; font: 13px/1.5 ui-monospace, monospace; white-space: pre; pointer-events: none;
      box-shadow: 0 4px 18px #0004; }
    #hover i { display: inline-block; height: 8px; margin-right: 8px; border-radius: 2px; background: var(--accent); }
    #empty { max-width: 34rem; margin: 14vh auto 0; text-align: center; color: var(--dim); }
    #empty h1 { color: var(--front); font-size: 24px; margin: 0 0 6px; }
    #empty div { display: flex; flex-wrap: wrap; gap: 8px; justify-content: center; margin-top: 16px; }
    #error { margin: 0 auto; width: calc(100% - 28px); max-width: 46rem; padding: 8px 14px; border: 1px solid var(--bad);
      border-radius: 8px; color: var(--bad); }
    #form { display: flex; gap: 8px; padding: 10px 14px 14px; width: 100%; max-width: calc(46rem + 28px); margin: 0 auto;
      align-items: flex-end; }
    #input { flex: 1; resize: none; height: 44px; max-height: 40vh; border-radius: 12px; padding: 9px 14px; }
    #form button { height: 44px; border-radius: 12px; padding: 0 18px; }
    [hidden] { display: none !important; }
    @media (max-width: 1000px) {
      #middle { flex-direction: column-reverse; }
      #tree { width: auto; max-height: 40%; border-left: 0; border-bottom: 1px solid var(--line); }
    }
    @media (max-width: 700px) {
      #side { position: fixed; inset: 0 15% 0 0; width: auto; z-index: 3; transform: translateX(-101%); }
      body.menu #side { transform: none; box-shadow: 0 0 40px #000a; }
      #menu { display: block; }
      #list button.remove { opacity: 1; }
    }
    """
