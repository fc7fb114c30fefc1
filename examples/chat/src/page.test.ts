import { chromiumPath } from "@troupe/services";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { LocalChat } from "./local-chat.ts";

/** Processes and pages take long to start where many do so. */
const TIMEOUT_MS = 120_000;

let browser: Browser;
let chat: LocalChat;
let url: string;

beforeAll(async () => {
  // Root has no sandbox, and the pages are ours.
  browser = await chromium.launch({ executablePath: chromiumPath(), args: ["--no-sandbox"] });
  chat = new LocalChat();
  await Promise.all([chat.startSilo(), chat.startSilo(), chat.startSilo()]);
  url = await chat.startHttp();
}, TIMEOUT_MS);
afterAll(async () => {
  chat.end();
  await browser.close();
});

afterEach(async () => {
  for (const context of browser.contexts()) await context.close();
});

/** What the page has complained about. */
const complaints: string[] = [];

async function open(options: Parameters<Browser["newPage"]>[0] = {}): Promise<Page> {
  const page = await browser.newPage(options);
  page.setDefaultTimeout(TIMEOUT_MS / 2);
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("dialog", (dialog) => complaints.push(dialog.message()));
  return page;
}

/** A tab of somebody who has entered a room. */
async function enter(
  room: string,
  name: string,
  options?: Parameters<Browser["newPage"]>[0],
): Promise<Page> {
  const page = await open(options);
  await page.goto(`${url}/rooms/${room}`);
  await page.getByLabel("Your name").fill(name);
  await page.getByRole("button", { name: "Enter the room" }).click();
  await page.getByText("connected", { exact: true }).waitFor();
  return page;
}

async function say(page: Page, text: string): Promise<void> {
  await page.getByLabel("Say something").fill(text);
  await page.getByRole("button", { name: "Send" }).click();
}

/** The lines that a page shows, and none that is still being sent. */
function shown(page: Page): Promise<string[]> {
  return page.locator(".said:not(.sending) .text").allTextContents();
}

async function untilShown(page: Page, count: number): Promise<void> {
  await page
    .locator(".said:not(.sending)")
    .nth(count - 1)
    .waitFor();
}

/** Waits until the page shows that exactly these people are there. */
async function untilPeople(page: Page, ...names: string[]): Promise<void> {
  const people = page.locator("#people li span:last-child");
  await expect.poll(() => people.allTextContents(), { timeout: TIMEOUT_MS / 2 }).toEqual(names);
}

describe("the page in a browser", () => {
  it(
    "shows two tabs each other's lines, once and in order, and who is there, while a silo is killed",
    async () => {
      const [ada, grace] = await Promise.all([enter("lobby", "Ada"), enter("lobby", "Grace")]);
      await untilPeople(ada, "Ada (you)", "Grace");
      await untilPeople(grace, "Ada", "Grace (you)");
      const talk = async (page: Page, name: string): Promise<void> => {
        for (let line = 1; line <= 20; line++) {
          await say(page, `${name} ${line}`);
          if (line === 5 && page === ada) await chat.killSiloOf("lobby");
        }
      };
      await Promise.all([talk(ada, "Ada"), talk(grace, "Grace")]);
      await Promise.all([untilShown(ada, 40), untilShown(grace, 40)]);
      const lines = await shown(ada);
      expect(await shown(grace)).toEqual(lines);
      for (const name of ["Ada", "Grace"])
        expect(lines.filter((text) => text.startsWith(name))).toEqual(
          Array.from({ length: 20 }, (_, index) => `${name} ${index + 1}`),
        );
      expect(lines).toHaveLength(40);
      expect(await ada.locator(".sending").count()).toBe(0);
      await untilPeople(ada, "Ada (you)", "Grace");
      await grace.close();
      await untilPeople(ada, "Ada (you)");
      expect(complaints).toEqual([]);
    },
    TIMEOUT_MS,
  );

  it(
    "shows whatever is said as text, and fits on a phone",
    async () => {
      const hostile = `<img src=x onerror="alert(1)"><script>alert(2)</script>`;
      const ada = await enter("hostile", "Ada", { viewport: { width: 390, height: 780 } });
      await say(ada, hostile);
      await say(ada, "x".repeat(500));
      await untilShown(ada, 2);
      expect((await shown(ada))[0]).toBe(hostile);
      expect(await ada.locator("#lines img, #lines script").count()).toBe(0);
      expect(await ada.evaluate("document.documentElement.scrollWidth")).toBe(390);
      expect(complaints).toEqual([]);
    },
    TIMEOUT_MS,
  );

  it(
    "says at the door what is wrong, and leaves the lines where they were for who comes back",
    async () => {
      const page = await open();
      await page.goto(url);
      const [name, room] = [page.getByLabel("Your name"), page.getByLabel("Room")];
      const door = page.getByRole("button", { name: "Enter the room" });
      await door.click();
      await page.getByRole("alert").getByText("Say who you are.").waitFor();
      await name.fill("<b>");
      await door.click();
      await page.getByText("a name is made of letters").waitFor();
      await name.fill("Ada");
      await room.fill("not a room");
      await door.click();
      await page.getByText("A room's name is made of").waitFor();
      await room.fill("Room-7");
      await door.click();
      await page.getByRole("heading", { name: "room-7" }).waitFor();
      expect(page.url()).toBe(`${url}/rooms/room-7`);
      await say(page, "I shall be back");
      await untilShown(page, 1);
      await page.getByRole("button", { name: "Leave" }).click();
      await door.click();
      await untilShown(page, 1);
      expect(await shown(page)).toEqual(["I shall be back"]);
      expect(complaints).toEqual([]);
    },
    TIMEOUT_MS,
  );

  it(
    "goes on by itself when the server was away",
    async () => {
      const page = await enter("patient", "Ada");
      await say(page, "before");
      await untilShown(page, 1);
      await chat.stopHttp();
      await page.getByText("connecting again…").waitFor();
      await say(page, "meanwhile");
      expect(await chat.startHttp()).toBe(url);
      await untilShown(page, 2);
      expect(await shown(page)).toEqual(["before", "meanwhile"]);
      await page.getByText("connected", { exact: true }).waitFor();
    },
    TIMEOUT_MS,
  );
});
