// The tests start their own servers, so that they can stop and restart them. They find the programs relative to the
// repository (target/debug/deploymend, target/debug/standins, target/site).
import { defineConfig, devices } from '@playwright/test';

export default defineConfig({
  testDir: './tests',
  // A story contains a real install and a real build.
  timeout: 300_000,
  expect: { timeout: 20_000 },
  // Each story starts a server, stand-ins and a sandbox: one after the other on a small machine.
  workers: 1,
  fullyParallel: false,
  forbidOnly: Boolean(process.env.CI),
  retries: 0,
  reporter: 'list',
  outputDir: './test-results',
  use: {
    ...devices['Desktop Chrome'],
    viewport: { width: 1440, height: 900 },
    // A fifth of the time, and nobody comes for the traces of a machine that is thrown away.
    trace: process.env.CI ? 'off' : 'retain-on-failure',
    screenshot: 'only-on-failure',
    launchOptions: {
      // Empty: the one that Playwright downloaded.
      executablePath: process.env.CHROMIUM || undefined,
      args: [
        '--no-sandbox',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    },
  },
});
