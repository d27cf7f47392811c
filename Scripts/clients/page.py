"""Uses the page as a person does, in headless Chromium, and leaves screenshots: page.py PROGRAM FOLDER SCREENSHOTS."""

import os
import sys

from playwright.sync_api import expect, sync_playwright

from server import Server, check

folder = sys.argv[3]
server = Server(*sys.argv[1:3], "built-in", "second=built-in")
base = server.base

with sync_playwright() as playwright:
    browser = playwright.chromium.launch(executable_path=os.environ.get("RWKV_CHROMIUM", "/usr/bin/chromium"), args=["--no-sandbox"])
    page = browser.new_page(viewport={"width": 1200, "height": 800})
    problems, elsewhere = [], []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.on("request", lambda request: None if request.url.startswith((base, "data:")) else elsewhere.append(request.url))
    page.goto(base)
    page.click("#settings summary")
    page.fill("#max_tokens", "40")
    page.fill("#seed", "1")
    page.select_option("#model", index=0)

    check(page.locator("#empty").is_visible(), "an empty page says how to begin")
    page.screenshot(path=f"{folder}/empty.png")

    page.fill("#input", "Once upon a time")
    page.press("#input", "Enter")
    # An answer's buttons come when it is whole.
    expect(page.locator(".message.assistant .who")).to_be_visible(timeout=60000)
    expect(page.locator("#stop")).to_be_hidden(timeout=60000)
    answers = page.locator(".message.assistant .text")
    first = answers.first.inner_text()
    check(len(first) > 40, "an answer is streamed")
    check(answers.first.locator(".token").count() == 40, "each token is there")

    answers.first.locator(".token").nth(5).hover()
    check("%" in page.locator("#hover").inner_text(), "probabilities are shown under the pointer")
    page.screenshot(path=f"{folder}/hover.png")
    page.mouse.move(5, 400)

    page.fill("#seed", "2")
    page.locator(".who button", has_text="Again").click()
    expect(page.locator(".who", has_text="2 / 2")).to_be_visible(timeout=60000)
    check(answers.first.inner_text() != first, "an answer is written anew, beside the first")
    page.click("[title='Earlier branch']")
    expect(page.locator(".who", has_text="1 / 2")).to_be_visible()
    check(answers.first.inner_text() == first, "the first is still there")

    page.locator(".who button", has_text="Edit").click()
    page.fill("[aria-label='Edited message']", "Tom had a red ball.")
    page.locator(".message button", has_text="Send").click()
    expect(page.locator(".message.user .text")).to_have_text("Tom had a red ball.", timeout=60000)
    expect(page.locator(".message.assistant .who")).to_be_visible(timeout=60000)
    expect(page.locator("#stop")).to_be_hidden(timeout=60000)
    check(page.locator("#tree").is_visible() and page.locator("#tree button").count() == 5, "the tree has all branches")
    page.select_option("#shade", "shaded")
    page.screenshot(path=f"{folder}/tree.png")
    page.select_option("#shade", "")
    page.click("#tree-toggle")
    check(page.locator("#tree").is_hidden(), "the tree can be hidden")
    page.click("#tree-toggle")
    page.locator("#tree button").nth(2).click()
    expect(page.locator(".message.user .text")).to_have_text("Once upon a time")
    page.locator("#tree button").nth(1).click()

    page.fill("#max_tokens", "2000")
    page.evaluate("document.getElementById('seed').value = ''")
    page.fill("#input", "And then")
    page.click("#send")
    # Within the page, for a small model is soon at an end; sometimes sooner than it is stopped.
    stop = """new Promise(done => { const timer = setInterval(() => {
        const isOver = document.getElementById("stop").hidden && !document.querySelector(".writing");
        if (!isOver && document.querySelectorAll(".writing .token").length < 20) return;
        clearInterval(timer); document.getElementById("stop").click(); done(!isOver); }, 1) })"""
    expect(page.locator(".message.user")).to_have_count(2)
    for _ in range(10):
        page.wait_for_timeout(30)
        if page.evaluate(stop):
            break
        page.locator(".who button", has_text="Again").last.click()
    else:
        check(False, "an answer can be stopped")
    expect(page.locator("#stop")).to_be_hidden()
    page.wait_for_timeout(1500)
    page.reload()
    page.locator("#list button.open").first.click()
    expect(page.locator(".message.assistant")).to_have_count(2)
    check(len(page.locator(".message.assistant .text").nth(1).inner_text()) > 20, "what was stopped is kept")

    page.click("#settings summary")
    page.select_option("#theme", "dark")
    page.screenshot(path=f"{folder}/dark.png")
    page.click("#new")
    page.select_option("#model", "second")
    page.fill("#max_tokens", "20")
    page.locator("#empty button").first.click()
    expect(page.locator(".message.assistant .who")).to_be_visible(timeout=60000)
    check(page.locator("#with").inner_text() == "second", "the model that was chosen answers")
    page.locator("#list button.open").nth(1).click()
    expect(page.locator(".message.assistant")).to_have_count(2)
    page.set_viewport_size({"width": 390, "height": 844})
    page.wait_for_timeout(300)
    page.screenshot(path=f"{folder}/phone.png")
    check(page.locator("#tree").is_hidden(), "on a phone the tree waits to be asked for")
    page.click("#tree-toggle")
    page.screenshot(path=f"{folder}/phone-tree.png")
    page.click("#tree-toggle")
    check(page.evaluate("document.documentElement.scrollWidth") <= 390, "a phone's width is enough")
    page.click("#menu")
    page.wait_for_timeout(300)
    page.screenshot(path=f"{folder}/phone-menu.png")
    check(not problems, f"the page has no errors {problems[:3]}")
    check(not elsewhere, f"nothing is fetched from elsewhere {elsewhere[:3]}")
    browser.close()
