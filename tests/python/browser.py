"""Drives the page of `view`: `browser.py STORY URL NAME BROWSER DRIVER FOLDER`; what is wrong is an assertion."""

import sys
import tempfile
import time
from pathlib import Path

from selenium import webdriver
from selenium.common.exceptions import NoAlertPresentException
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select

STORY, URL, NAME, BROWSER, DRIVER, FOLDER = sys.argv[1:]
BASE = URL.split("?")[0]
PATIENCE = 240
FLAGS = """--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking
    --disable-component-update --disable-sync --disable-dev-shm-usage --hide-scrollbars --window-size=1280,900"""


class Page:
    """What all browsers do alike."""

    def __init__(self, driver):
        self.driver = driver
        self.driver.set_script_timeout(PATIENCE)

    def js(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    def wait(self, what, script, *arguments):
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            found = self.js(script, *arguments)
            if found:
                return found
            time.sleep(0.02)
        self.shot("failed")
        raise AssertionError(f"waited in vain for {what}; the page says: {self.js('return document.body.innerText')[:2000]}")

    def go(self, place):
        self.js("location.hash = arguments[0]", place)

    def find(self, selector):
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def text(self, selector):
        return self.js("return document.querySelector(arguments[0])?.textContent ?? ''", selector)

    def rows(self):
        return self.js("return [...document.querySelectorAll('tbody tr')].map(row => [...row.cells].map(cell => cell.textContent))")

    def wait_for_rows(self, first):
        self.wait(f"run {first} at the top", "return document.querySelector('tbody tr')?.cells[0]?.textContent === arguments[0]", first)

    def shot(self, name):
        self.driver.save_screenshot(str(Path(FOLDER) / f"{NAME}-{STORY}-{name}.png"))

    def picture(self):
        return self.wait("a picture", "return document.querySelector('.picture:not(.loading) svg')?.outerHTML")


class Chromium(Page):
    def __init__(self, profile):
        options = webdriver.ChromeOptions()
        options.binary_location = BROWSER
        for flag in FLAGS.split() + [f"--user-data-dir={profile}"]:
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        super().__init__(webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER)))

    def resize(self, width, height, dark=False):
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        scheme = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": scheme})
        time.sleep(0.3)

    def complaints(self):
        """What the console says, without the questions that are refused on purpose."""
        wrong = [entry for entry in self.driver.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")]
        return [entry for entry in wrong if entry["source"] != "network" or not any(
            f"status of {code}" in entry["message"] for code in (400, 404))]


class Firefox(Page):
    SCHEME = "layout.css.prefers-color-scheme.content-override"

    def __init__(self, _):
        options = webdriver.FirefoxOptions()
        options.binary_location = BROWSER
        options.add_argument("-headless")
        options.set_preference(self.SCHEME, 1)
        options.enable_bidi = True
        # Colours are the browser's own business, which a driver may change only if it is allowed to.
        service = webdriver.FirefoxService(DRIVER, service_args=["--allow-system-access"])
        super().__init__(webdriver.Firefox(options=options, service=service))
        self.said = []
        self.driver.script.add_console_message_handler(self.said.append)
        self.driver.script.add_javascript_error_handler(self.said.append)

    def resize(self, width, height, dark=False):
        tab = self.driver.current_window_handle
        self.driver.browsing_context.set_viewport(tab, {"width": width, "height": height})
        with self.driver.context(self.driver.CONTEXT_CHROME):
            self.js("Services.prefs.setIntPref(...arguments)", self.SCHEME, 0 if dark else 1)
        time.sleep(0.3)

    def complaints(self):
        return [entry for entry in self.said if entry.level in ("error", "warn", "warning")]


def explore(page):
    driver = page.driver
    driver.get(URL)
    page.wait("the overview", "return document.querySelector('.legend')?.textContent.includes('303 done')")
    assert driver.current_url.rstrip("/#") == BASE.rstrip("/"), "the token leaves the address bar"
    assert page.text("h1") == "firing_rate" and "Firing rate of a leaky" in page.text("main")
    page.picture()
    page.shot("overview")

    # The table: sort by a click, filter by a condition, learn what is wrong with it.
    page.find("nav a[data-view=runs]").click()
    page.wait_for_rows("0")
    page.wait("rate", "return [...document.querySelectorAll('thead button')].some(b => b.textContent.includes('rate'))")
    for _ in range(2):
        page.js("[...document.querySelectorAll('thead button')].find(b => b.textContent.startsWith('rate')).click()")
        time.sleep(0.5)
    page.wait_for_rows("96")
    assert page.js("return document.querySelector('th[aria-sort=descending]').textContent").startswith("rate")
    box = page.find("#condition")
    box.send_keys("rate > 50 && neuron.i < 0.5", Keys.ENTER)
    page.wait("105 runs", "return document.getElementById('found').textContent === '105 of 303 runs'")
    page.shot("filtered")
    box = page.find("#condition")
    box.clear()
    box.send_keys("rate > 50 && nope < 3", Keys.ENTER)
    page.wait("the mistake", "return document.getElementById('mistake').textContent.includes('no parameter or result `nope`')")
    assert page.js("return document.getElementById('condition').selectionStart") == len("rate > 50 && "), "the place is marked"
    page.shot("mistake")
    page.js("[...document.querySelectorAll('.controls button')].find(b => b.textContent === 'All runs').click()")
    page.wait("all runs", "return document.getElementById('found').textContent === '303 runs' && document.getElementById('mistake').hidden")

    # By keyboard to a run, and on to the next.
    page.go("#/runs")
    page.wait_for_rows("0")
    page.js("document.querySelector('table').focus()")
    driver.switch_to.active_element.send_keys(Keys.END)
    page.wait("the last run", "return document.querySelector('tr[aria-selected=true]')?.dataset.run === '302'")
    driver.switch_to.active_element.send_keys(Keys.HOME, Keys.DOWN, Keys.DOWN, Keys.DOWN)
    page.wait("run 3", "return document.querySelector('tr[aria-selected=true]')?.dataset.run === '3'")
    driver.switch_to.active_element.send_keys(Keys.ENTER)
    page.wait("run 3 in detail", "return document.querySelector('.heading h2')?.textContent === 'Run 3'")
    driver.switch_to.active_element.send_keys(Keys.RIGHT)
    page.wait("run 4 in detail", "return document.querySelector('.heading h2')?.textContent === 'Run 4'")
    page.go("#/run/45")
    page.wait("run 45", "return document.querySelector('.heading h2')?.textContent === 'Run 45'")
    assert "Membrane potential" in page.text("main")
    assert "v, run 45" in page.picture()
    page.shot("run")

    # Pictures: a heat map, the other way round, a line, traces.
    page.find("nav a[data-view=pictures]").click()
    page.wait("the choice", "return document.getElementById('result')")
    Select(page.find("#result")).select_by_value("rate")
    page.wait("the map", "return document.querySelector('.picture:not(.loading) svg')?.textContent.includes('rate')")
    cells = page.js("return document.querySelectorAll('.paper [data-says]').length")
    assert cells == 303, f"a heat map of {cells} cells"
    page.shot("map")
    Select(page.find("#x")).select_by_value("neuron.i")
    page.wait("a line", "return document.querySelectorAll('.picture:not(.loading) [data-says]').length === 101")
    page.shot("line")
    page.go("#/pictures?result=v&runs=10,12,14")
    page.wait("three traces", "return document.querySelector('.picture:not(.loading) svg')?.textContent.includes('run 14')")
    page.shot("traces")

    # The tree, by keyboard.
    page.find("nav a[data-view=tree]").click()
    page.wait("the tree", "return document.querySelector('[data-name=rate]') && document.querySelector('[data-name=neuron]')")
    page.js("document.querySelector('[data-name=neuron]').focus()")
    driver.switch_to.active_element.send_keys(Keys.RIGHT)
    page.wait("its members", "return document.querySelector('[data-name=tau_v]')")
    driver.switch_to.active_element.send_keys(Keys.DOWN, Keys.ENTER)
    page.wait("the node", "return document.querySelector('.detail').textContent.includes('parameters.neuron.')")
    page.shot("tree")

    # Narrow and dark; nothing but tables and pictures is wider than the window.
    for dark in [False, True]:
        page.resize(360, 740, dark)
        for place in ["#/", "#/runs", "#/pictures", "#/tree", "#/run/45"]:
            page.go(place)
            time.sleep(0.7)
            wide = page.js("return document.documentElement.scrollWidth")
            assert wide <= 360, f"{place} is {wide} pixels wide"
            if not dark:
                page.shot(f"narrow-{place.strip('#/').replace('/', '-') or 'overview'}")
    page.resize(1280, 900, True)
    for place in ["#/", "#/pictures?result=rate", "#/runs"]:
        page.go(place)
        time.sleep(0.9)
        page.shot(f"dark-{place.strip('#/').split('?')[0] or 'overview'}")


def million(page):
    driver = page.driver

    def paint(address, ready):
        driver.get("about:blank")
        begun = time.monotonic()
        driver.get(address)
        page.wait(f"{address} ready", ready)
        seconds = time.monotonic() - begun
        page.wait("the paint", "return performance.getEntriesByName('first-contentful-paint').length")
        return page.js("return performance.getEntriesByName('first-contentful-paint')[0].startTime") / 1000, seconds

    driver.get(URL)
    empty, empty_seconds = paint(BASE + "nowhere", "return document.readyState === 'complete'")
    first, seconds = paint(BASE, "return document.querySelector('.legend')?.textContent.includes('1,000,000 done')")
    print(f"first paint of a million runs after {1000 * first:.0f} ms, {first / empty:.1f} times an empty page's {1000 * empty:.0f} ms")
    print(f"their state after {1000 * seconds:.0f} ms, {seconds / empty_seconds:.1f} times an empty page's {1000 * empty_seconds:.0f} ms")
    page.shot("overview")
    first, seconds = paint(BASE + "#/runs", "return document.querySelector('tbody tr')?.cells[0]?.textContent === '0'")
    print(f"their table after {1000 * seconds:.0f} ms")
    assert page.text("#found") == "1,000,000 runs"
    assert page.js("return document.querySelectorAll('tbody tr').length") < 60, "only what is seen is in the document"
    page.shot("table")

    page.js("const s = document.querySelector('.scroller'); s.scrollTop = s.scrollHeight / 2")
    page.wait("the middle", "return document.querySelectorAll('tbody tr')[5]?.dataset.run > 400000")
    page.js("document.querySelector('table').focus()")
    driver.switch_to.active_element.send_keys(Keys.END)
    page.wait("the end", "return document.querySelector('tr[aria-selected=true]')?.dataset.run === '999999'")
    numbers = [int(row[0]) for row in page.rows()]
    assert numbers == list(range(numbers[0], 1_000_000)), f"{numbers}"
    page.shot("end")

    begun = time.monotonic()
    page.go("#/runs?sort=y&desc=1")
    page.wait_for_rows("999999")
    print(f"sorted after {time.monotonic() - begun:.2f} s")
    begun = time.monotonic()
    page.go("#/runs?sort=y&desc=1&where=" + "x > 0.25 %26%26 x < 0.5")
    page.wait("a quarter", "return document.getElementById('found').textContent.includes('of 1,000,000')")
    print(f"filtered after {time.monotonic() - begun:.2f} s: {page.text('#found')}")
    # Frames while it is scrolled: a table that stalls has long ones.
    longest = driver.execute_async_script("""
        const done = arguments[arguments.length - 1], scroller = document.querySelector('.scroller');
        let last = performance.now(), longest = 0, frames = 0;
        const step = (now) => {
            longest = Math.max(longest, now - last);
            last = now;
            scroller.scrollTop += 5000;
            if (++frames < 60) requestAnimationFrame(step); else done(longest);
        };
        requestAnimationFrame(step);
    """)
    print(f"longest frame while scrolling: {longest:.0f} ms")
    page.shot("filtered")
    page.go("#/pictures?result=y&x=x")
    page.picture()
    page.shot("picture")


def live(page):
    """The study waits every thirty runs until a file says that these were seen."""
    def seen(number):
        (Path(FOLDER) / f"live-{number}").touch()

    page.driver.get(URL)
    done = "return Number(document.querySelector('.legend strong')?.textContent ?? -1)"
    page.wait("the overview", done + " >= 0")
    page.js("window.stays = true")
    begun = page.js(done)
    seen(1)
    page.wait("further runs", done + " > arguments[0]", max(begun, 30))
    assert page.find("#state").get_attribute("class") == "running", page.text("#state")
    page.shot("overview")
    page.go("#/runs?where=status == \"done\"")
    page.wait("rows", "return document.getElementById('found')?.textContent.includes('of 150')")
    before = page.text("#found")
    seen(2)
    page.wait("more rows", "return document.getElementById('found').textContent !== arguments[0]", before)
    page.shot("table")
    page.go("#/pictures")
    picture = page.picture()
    seen(3)
    page.wait("a new picture", """
        const picture = document.querySelector('.picture:not(.loading) svg');
        return picture && picture.outerHTML !== arguments[0];
    """, picture)
    page.shot("picture")
    seen(4)
    page.wait("the end", "return document.getElementById('state').textContent === 'finished'")
    page.go("#/")
    page.wait("all runs", "return document.querySelector('.legend strong')?.textContent === '150'")
    assert page.js("return window.stays") is True, "it follows without a reload"
    page.shot("end")


def several(page):
    """A file with the trajectories `few` of two runs and, before it, `many` of twelve."""
    page.driver.get(URL)
    page.wait("the newest", "return document.querySelector('.legend')?.textContent.includes('2 done')")
    assert page.text("h1") == "few"
    choice = Select(page.find("#trajectory"))
    assert sorted(option.text for option in choice.options) == ["few", "many"]
    page.shot("overview")
    choice.select_by_value("many")
    page.wait("the other", "return document.querySelector('.legend')?.textContent.includes('12 done')")
    assert page.text("h1") == "many" and page.driver.title.startswith("many")
    page.go("#/runs")
    page.wait("its runs", "return document.getElementById('found')?.textContent === '12 runs'")
    page.go("#/pictures")
    assert len(page.picture()) > 1000
    page.go("#/run/11")
    page.wait("its last run", "return document.querySelector('.heading h2')?.textContent === 'Run 11'")
    # Two questions about the state later it is still this one.
    time.sleep(2.5)
    assert page.text("h1") == "many" and page.text(".heading h2") == "Run 11"
    Select(page.find("#trajectory")).select_by_value("few")
    page.wait("the runs of the first one, which has no run 11", "return document.getElementById('found')?.textContent === '2 runs'")
    assert page.text("h1") == "few" and page.text("#trouble") == "", page.text("#trouble")


def hostile(page):
    page.driver.get(URL)
    page.wait("the overview", "return document.querySelector('.legend')")
    for place in ["#/", "#/runs", "#/pictures", "#/tree", "#/run/3", "#/run/../../evil", "#/<img src=x onerror=alert(3)>", "#/runs?where=<script>"]:
        page.go(place)
        time.sleep(0.8)
        page.js("document.querySelectorAll('button.more').forEach(button => button.click())")
        time.sleep(0.3)
        found = page.js("return document.querySelectorAll('script, img, iframe, object, embed, link, style').length")
        assert found == 7, f"{place}: {found} elements that load something, of which the page has seven"
        try:
            raise AssertionError(f"{place}: a file says {page.driver.switch_to.alert.text}")
        except NoAlertPresentException:
            pass
        assert page.js("return document.documentElement.scrollWidth <= innerWidth"), f"{place} is too wide"
        page.shot(place.strip("#/").split("/")[0].split("?")[0].strip("<> ")[:4].strip() or "overview")


def main():
    story = {"explore": explore, "million": million, "live": live, "several": several, "hostile": hostile}[STORY]
    with tempfile.TemporaryDirectory() as profile:
        page = {"chromium": Chromium, "firefox": Firefox}[NAME](profile)
        try:
            page.resize(1280, 900)
            story(page)
            wrong = page.complaints()
            assert not wrong, f"the console says {wrong}"
        finally:
            page.driver.quit()


main()
