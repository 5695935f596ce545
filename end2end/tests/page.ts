// What several stories do on pages.
import AxeBuilder from '@axe-core/playwright';
import { type APIRequestContext, expect, type Page } from '@playwright/test';
import type { World } from './world';

export const EMAIL = 'owner@example.com';
export const PASSWORD = 'correct horse battery staple';

/** Nothing on the page keeps anybody out. */
export async function clean(page: Page): Promise<void> {
  // Drawn anew before it is looked at: in the moment after a change of theme some colours are still the old ones.
  // And far lines of a log keep them until they are looked at.
  await page.evaluate(() => {
    for (const far of document.querySelectorAll<HTMLElement>('.log-far')) far.style.contentVisibility = 'visible';
    return new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  });
  const found = await new AxeBuilder({ page }).analyze();
  expect(found.violations.map((violation) => `${violation.id}: ${violation.nodes[0]?.html}`)).toEqual([]);
}

/** Collects what goes wrong in the page from now on, but for lines of its console with these words. */
export function collect(problems: string[], page: Page, except?: string): void {
  page.on('pageerror', (error) => problems.push(String(error)));
  page.on('console', (message) => {
    const expected = except !== undefined && message.text().includes(except);
    if (message.type() === 'error' && !expected) problems.push(message.text());
  });
}

/**
 * Looks at the page as it is, in light and in dark, at each of the widths: nothing is wider than the screen. Axe finds
 * nothing in light at the first width and in dark at the last. Keeps pictures where `SHOTS` names a folder.
 */
export async function look(page: Page, name: string, widths = [1440, 390]): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    for (const width of widths) {
      await page.setViewportSize({ width, height: 900 });
      // Colours do not depend on the width, nor does the layout on the colours: both are looked at once.
      if (width === (colorScheme === 'light' ? widths[0] : widths.at(-1))) await clean(page);
      const wider = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      expect(wider, `${name} at ${width}`).toBeLessThanOrEqual(0);
      if (process.env.SHOTS) {
        await page.screenshot({ path: `${process.env.SHOTS}/${name}-${colorScheme}-${width}.png`, fullPage: true });
      }
    }
  }
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
  await page.setViewportSize({ width: widths[0]!, height: 900 });
}

/** Connects the signed-in person's account at a platform or at GitHub, as the form does. */
export async function connect(
  { request }: { request: APIRequestContext },
  world: World,
  account: string,
  token: string,
): Promise<void> {
  const answer = await request.post(`${world.base}/integrations/${account}/connect`, {
    form: { token },
    headers: { origin: world.base },
  });
  expect(answer.url()).not.toContain('error');
}

/** Makes the owner's account. */
export async function setUp(page: Page, world: World): Promise<void> {
  await page.goto(`${world.base}/setup`);
  await page.getByLabel('Set-up token').fill(world.setUpToken);
  await page.getByLabel('Email').fill(EMAIL);
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Make account' }).click();
  await page.waitForURL('**/integrations**');
}

/** The browser has taken over the page. */
export async function taken(page: Page): Promise<void> {
  await expect(page.locator('html[data-hydrated]')).toBeAttached();
}
