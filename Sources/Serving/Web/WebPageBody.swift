/// What stands on the page before its script runs.
let webPageBody = """
    <div id="side">
      <header><strong>rwkv</strong><button id="new" title="Begin a conversation">New</button></header>
      <nav id="list" aria-label="Conversations"></nav>
      <details id="settings">
        <summary>Settings</summary>
        <div>
        <label class="wide">Model of the next conversation <select id="model"></select></label>
        <label class="wide">Its system message <textarea id="system" rows="2"></textarea></label>
        <label>Temperature <input id="temperature" type="number" min="0" max="5" step="0.1" value="0.8"></label>
        <label>Top p <input id="top_p" type="number" min="0" max="1" step="0.05" value="0.6"></label>
        <label>Presence penalty <input id="presence_penalty" type="number" step="0.1" value="0.3"></label>
        <label>Frequency penalty <input id="frequency_penalty" type="number" step="0.1" value="0.3"></label>
        <label>Most tokens <input id="max_tokens" type="number" min="1" value="500"></label>
        <label>Seed <input id="seed" type="number" placeholder="none"></label>
        <label>Thinking <select id="reasoning_effort"><option value="">default</option>
          <option>none</option><option>minimal</option><option>low</option><option>medium</option>
          <option>high</option></select></label>
        <label>Shade tokens <select id="shade"><option value="">no</option>
          <option value="shaded">by doubt</option></select></label>
        <label>Colours <select id="theme"><option value="">system</option><option>light</option>
          <option>dark</option></select></label>
        <label>API key <input id="key" type="password" autocomplete="off"></label>
        </div>
      </details>
    </div>
    <main>
      <div id="top"><button id="menu" aria-label="Menu">☰</button><span id="title"></span><span id="with"></span>
        <button id="tree-toggle" aria-expanded="false" title="Show or hide the tree of messages">Tree</button></div>
      <div id="middle">
        <div id="column"><div id="talk" aria-live="polite"></div>
          <div id="error" role="alert" hidden></div>
          <form id="form"><textarea id="input" rows="1" placeholder="Say something" aria-label="Message"></textarea>
            <button id="send" class="strong">Send</button><button id="stop" type="button" hidden>Stop</button></form></div>
        <nav id="tree" aria-label="Tree of messages" hidden></nav>
      </div>
    </main>
    """
