// Drives the try-it page in a headless Chromium: page_check.mjs SKLAMBDA PLAYWRIGHT_CORE CHROMIUM [SCREENSHOT.png]
// Fields are filled in, the button is pressed, and what is read from the page is held against the server's own answer.
import { strict as assert } from "node:assert";
import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { readdirSync } from "node:fs";
import { join, resolve } from "node:path";

const [binary, playwright, executablePath, screenshot] = process.argv.slice(2);
const { chromium } = createRequire(import.meta.url)(resolve(playwright));
const quiet = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

async function serve(model) {
  const server = spawn(binary, ["serve", "--port", "0", "--model", model], { stdio: ["ignore", "pipe", "ignore"] });
  const url = await new Promise((ready, failed) => {
    let said = "";
    server.stdout.on("data", (data) => {
      said += data;
      const found = said.match(/http:\/\/[0-9.:]+/);
      if (found) ready(found[0]);
    });
    server.on("exit", (code) => failed(new Error(`the server for ${model} ended with ${code}`)));
  });
  process.on("exit", () => server.kill());
  return { url, stop: () => server.kill() };
}

process.setMaxListeners(0);
const browser = await chromium.launch({ executablePath, args: quiet });

async function open(model, options = {}) {
  const server = await serve(model);
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 }, reducedMotion: "reduce", ...options });
  const faults = [];
  page.on("pageerror", (error) => faults.push(error.message));
  page.on("dialog", (dialog) => { faults.push(`a dialog: ${dialog.message()}`); dialog.dismiss(); });
  page.on("console", (message) => { if (/Content Security Policy/.test(message.text())) faults.push(message.text()); });
  page.on("request", (request) => { if (!request.url().startsWith(server.url) && !request.url().startsWith("data:")) faults.push(`a request to ${request.url()}`); });
  const response = await page.goto(`${server.url}/`);
  assert.match(response.headers()["content-security-policy"], /default-src 'none'.*script-src 'sha256-/);
  const done = async () => { assert.deepEqual(faults, [], model); await page.close(); server.stop(); };
  return { page, url: server.url, done };
}

async function post(url, path, body) {
  const response = await fetch(`${url}/${path}`, { method: "POST", headers: { "Content-Type": "application/json" }, body });
  return response.json();
}

/** Presses the button and waits for the answer to what the form holds now. */
async function press(page, state = "done") {
  await page.evaluate(() => { delete document.getElementById("answer").dataset.state; });
  await page.click("#ask");
  await page.waitForSelector(`#answer[data-state=${state}]`);
}

const percents = (page) => page.$$eval(".bars .value", (all) => all.map((one) => parseFloat(one.textContent)));

// A classifier: filled in, pressed, read.
{
  const { page, url, done } = await open("testdata/examples/iris_pipeline.pkl");
  await page.waitForSelector("#answer[data-state=done]");
  const row = [6.7, 3, 5.2, 2.3];
  for (const [i, value] of row.entries()) await page.getByLabel(`feature ${i}`).fill(String(value));
  await press(page);
  const answer = await post(url, "predict", JSON.stringify({ input: [row], return_probabilities: true }));
  assert.equal(await page.textContent(".verdict"), String(answer.prediction[0]));
  const wanted = Object.values(answer.probabilities[0]).map((p) => 100 * p);
  const got = await percents(page);
  assert.equal(got.length, wanted.length);
  got.forEach((value, i) => assert.ok(Math.abs(value - wanted[i]) < 0.051, `${got} for ${wanted}`));
  // The curl line is the same request.
  const curl = await page.textContent("#curl");
  assert.ok(curl.includes(`${url}/predict`) && curl.includes('"input":[[6.7,3,5.2,2.3]]'), curl);
  const body = curl.match(/-d '(.*)'$/s)[1];
  assert.deepEqual(await post(url, "predict", body), answer);
  // A fault stands beside its field, and nothing is asked.
  await page.getByLabel("feature 2").fill("five");
  assert.equal(await page.getAttribute("[id='f2']", "aria-invalid"), "true");
  assert.match(await page.textContent("#f2-fault"), /number is expected/);
  // What only the server can know is told as an answer.
  await page.getByLabel("feature 2").fill("");
  await press(page, "error");
  assert.match(await page.textContent("#answer [role=alert]"), /NaN/);
  await page.click("#reset");
  await page.waitForSelector("#answer[data-state=done]");
  // The diagram, with the keyboard alone.
  await page.focus("#diagram details.node:last-of-type > summary");
  await page.keyboard.press("Enter");
  assert.ok(await page.isVisible("#diagram .node[open] .body"));
  await done();
}

// Every model of the repository answers its own example, on a phone and in the dark, and fits the width of the screen.
const models = (folder) => readdirSync(folder).filter((name) => /\.(joblib|pkl)$/.test(name)).map((name) => join(folder, name));
for (const name of [...models("testdata/examples"), ...models("testdata/page")]) {
  const { page, done } = await open(name, { viewport: { width: 360, height: 740 }, colorScheme: "dark" });
  await page.waitForSelector("#answer[data-state=done]");
  assert.notEqual(await page.textContent("#answer"), "", name);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(wide <= 0, `${name}: ${wide} pixels too wide`);
  const unnamed = await page.$$eval("input, select, textarea, button", (all) => all.filter((one) => !one.labels?.length && !one.textContent.trim() && !one.ariaLabel).length);
  assert.equal(unnamed, 0, `${name}: controls without a label`);
  await done();
}

// Forms of other kinds.
const model = (name) => `testdata/page/${name}.joblib`;
{
  const { page, url, done } = await open(model("text"));
  await page.getByLabel("Text").fill("the football match ended with goals");
  await press(page);
  const answer = await post(url, "predict", JSON.stringify({ input: ["the football match ended with goals"] }));
  assert.equal(await page.textContent(".verdict"), answer.prediction[0]);
  await done();
}
{
  const { page, done } = await open(model("hostile"));
  await page.waitForSelector("#answer[data-state=done]");
  const names = await page.$$eval(".bars .name", (all) => all.map((one) => one.textContent));
  assert.deepEqual(names, ["</script><script>alert(1)</script>", "<img src=x onerror=alert(1)>"]);
  assert.equal(await page.$$eval("img, body > script:not([id]) ~ script", (all) => all.length), 0);
  await done();
}
{
  const { page, url, done } = await open(model("digits"));
  await page.getByRole("button", { name: "Zeros" }).click();
  await press(page);
  const zeros = await post(url, "predict", JSON.stringify({ input: [Array(64).fill(0)] }));
  assert.equal(await page.textContent(".verdict"), String(zeros.prediction[0]));
  assert.equal(await page.$$eval("#fields input, #fields textarea", (all) => all.length), 2, "64 features have no 64 boxes");
  await page.getByLabel("A row of 64 numbers").fill("1, 2, 3");
  assert.match(await page.textContent(".fault:not([hidden])"), /3 values; the model takes 64/);
  // Drawing fills the row.
  const canvas = await page.locator("canvas").boundingBox();
  await page.getByRole("button", { name: "Zeros" }).click();
  await page.mouse.move(canvas.x + canvas.width / 2, canvas.y + 30);
  await page.mouse.down();
  await page.mouse.move(canvas.x + canvas.width / 2, canvas.y + 160, { steps: 8 });
  await page.mouse.up();
  const row = (await page.getByLabel("A row of 64 numbers").inputValue()).split(",").map(Number);
  assert.ok(row.length === 64 && Math.max(...row) === 16, String(row));
  await done();
}
{
  const { page, url, done } = await open(model("transformer"));
  await page.waitForSelector("#answer[data-state=done]");
  const curl = await page.textContent("#curl");
  const answer = await post(url, "predict?method=transform", curl.match(/-d '(.*)'$/s)[1]);
  const got = await page.$$eval("#answer td", (all) => all.map((one) => Number(one.textContent)));
  assert.equal(got.length, 2);
  got.forEach((value, i) => assert.ok(Math.abs(value - answer.transform[0][i]) < 1e-5 * (1 + Math.abs(value)), `${got}`));
  await done();
}
{
  const { page, url, done } = await open(model("table"), { viewport: { width: 1400, height: 900 } });
  await page.getByLabel("age", { exact: true }).fill("24");
  await page.getByLabel("sex", { exact: true }).selectOption({ label: "female" });
  await page.getByLabel("class", { exact: true }).selectOption({ label: "first" });
  await press(page);
  const record = JSON.parse((await page.textContent("#curl")).match(/-d '(.*?)'/s)[1]);
  assert.equal(record[0].sex, "female");
  const answer = await post(url, "predict", JSON.stringify(record));
  assert.equal(await page.textContent(".verdict"), answer.predict[0]);
  assert.equal((await percents(page)).length, 2);
  if (screenshot) {
    await page.evaluate(() => document.activeElement.blur());
    await page.screenshot({ path: screenshot });
  }
  await done();
}
// The cost page counts as it says.
{
  const page = await browser.newPage({ viewport: { width: 390, height: 800 } });
  const faults = [];
  page.on("pageerror", (error) => faults.push(error.message));
  await page.goto(`file://${resolve("docs/cost.html")}`);
  const set = async (fields) => { for (const [id, value] of Object.entries(fields)) await page.fill(`#${id}`, String(value)); };
  await set({ requests: "2,000,000", cold: 0, "memory-rust": 1769, "warm-rust": 3, "price-arm": 0.00001, "price-request": 0.5, "price-hour": 0.1 });
  // 2 million requests of 3 ms with 1,769 MB.
  const wanted = (2e6 * 0.003 * 1769) / 1024 * 0.00001 + 2 * 0.5;
  assert.equal(await page.textContent("#total-rust"), `$${wanted.toFixed(2)}`);
  assert.equal(await page.textContent("#total-always"), "$73.00");
  await set({ cold: "many" });
  assert.equal(await page.textContent("#total-rust"), "\u2014");
  assert.equal(await page.getAttribute("#cold", "aria-invalid"), "true");
  assert.ok((await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)) <= 0);
  assert.deepEqual(faults, []);
  await page.close();
}
await browser.close();
console.log("the page was driven in Chromium");
