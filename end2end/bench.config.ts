// What a browser takes for large pages. Run by `make bench`, never by the tests.
import { defineConfig } from '@playwright/test';
import tests from './playwright.config';

export default defineConfig({ ...tests, testDir: './bench', testMatch: '*.bench.ts' });
