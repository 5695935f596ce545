#!/usr/bin/env bash
# Makes small broken projects, builds each with the real tool and records what it printed as logs/<case>.log.
# The labels (logs/<case>.toml) are written by hand and stay. Needs node, npm, python3, cargo and their registries.
#
#   tests/data/record.sh            record every case
#   tests/data/record.sh NAME ...   record only these
set -euo pipefail
logs="$(cd "$(dirname "$0")" && pwd)/logs"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
mkdir -p "$logs"
export CI=1 NO_UPDATE_NOTIFIER=1 NEXT_TELEMETRY_DISABLED=1 npm_config_audit=false npm_config_fund=false \
  npm_config_update_notifier=false ASTRO_TELEMETRY_DISABLED=1 CARGO_TERM_COLOR=never
unset npm_config_nodedir NODE_OPTIONS PIP_FIND_LINKS || true
wanted=("$@")

# Runs the given command line in the project folder like a platform would and keeps its output.
# Machine paths become the platform's; the command's exit code becomes the platform's last line.
record() {
  local name="$1" command="$2" status=0
  { bash -c "cd '$work/$name' && { $command ; }" >"$work/$name.raw" 2>&1 </dev/null; } || status=$?
  [ "$status" -ne 0 ] || { echo "$name: the build passed, so there is nothing to record" >&2; exit 1; }
  {
    grep -v -e 'Unknown user config' -e 'Unknown env config' -e '^Looking in links' "$work/$name.raw" || true
    echo "Error: Command \"$command\" exited with $status"
  } | sed -E -e "s#(/private)?$work/$name#/vercel/path0#g" -e "s#$HOME/\.npm#/vercel/.npm#g" \
    -e "s#$HOME#/vercel#g" -e 's#(/[^ ]*)?/\.pyenv/versions/[0-9.]+#/usr/local#g' >"$logs/$name.log"
  echo "$name: exit $status, $(wc -l <"$logs/$name.log") lines"
}

# case NAME: true when this case is wanted; makes its folder the current one.
case_() {
  if [ "${#wanted[@]}" -gt 0 ] && [[ ! " ${wanted[*]} " == *" $1 "* ]]; then return 1; fi
  mkdir -p "$work/$1" && cd "$work/$1"
}

# package BUILD-SCRIPT [DEPENDENCIES-JSON]
package() {
  cat >package.json <<JSON
{ "name": "shop", "version": "1.0.0", "private": true, "type": "${3:-module}",
  "scripts": { "build": "$1" }, "dependencies": ${2:-"{}"} }
JSON
}

put() { mkdir -p "$(dirname "$1")" && cat >"$1"; }

tsconfig() {
  put tsconfig.json <<'JSON'
{ "compilerOptions": { "strict": true, "module": "esnext", "moduleResolution": "bundler", "target": "es2022",
  "skipLibCheck": true, "outDir": "dist", "types": [] }, "include": ["src"] }
JSON
}

if case_ tsc-type-error; then
  package tsc '{"typescript":"5.9.3"}'; tsconfig
  put src/cart.ts <<'TS'
export interface Item { name: string; price: number }
export function total(items: Item[]): number {
  return items.map((item) => item.price.toFixed(2)).reduce((a, b) => a + b, 0);
}
TS
  put src/main.ts <<'TS'
import { total } from "./cart";
const sum: string = total([{ name: "tea", price: 3 }]);
console.log(sum);
TS
  npm install >/dev/null 2>&1; record tsc-type-error "npm run build"
fi

if case_ tsc-missing-package; then
  package tsc '{"typescript":"5.9.3"}'; tsconfig
  put src/api.ts <<'TS'
import { z } from "zod";
export const user = z.object({ name: z.string() });
export const names = (users: z.infer<typeof user>[]) => users.map((one) => one.name);
export const parse = (rows: unknown[]) => rows.map((row) => user.parse(row)).filter((row) => row.nme);
TS
  put src/list.ts <<'TS'
export const first = (rows) => rows[0];
TS
  npm install >/dev/null 2>&1; record tsc-missing-package "npm run build"
fi

vite_app() {
  package "vite build" '{"vite":"7.1.12"}'
  put index.html <<'HTML'
<!doctype html><html><body><div id="app"></div><script type="module" src="/src/main.js"></script></body></html>
HTML
}

if case_ vite-own-file; then
  vite_app
  put src/main.js <<'JS'
import { header } from "./components/Header.js";
document.body.append(header());
JS
  put src/components/header.js <<'JS'
export const header = () => document.createElement("header");
JS
  npm install >/dev/null 2>&1; record vite-own-file "npm run build"
fi

if case_ vite-missing-package; then
  vite_app
  put src/main.js <<'JS'
import debounce from "lodash-es/debounce";
debounce(() => {}, 10)();
JS
  npm install >/dev/null 2>&1; record vite-missing-package "npm run build"
fi

if case_ vite-missing-export; then
  vite_app
  put src/main.js <<'JS'
import { formatPrice } from "./money.js";
document.body.append(formatPrice(3));
JS
  put src/money.js <<'JS'
export const format = (value) => `${value} EUR`;
JS
  npm install >/dev/null 2>&1; record vite-missing-export "npm run build"
fi

if case_ vite-sass; then
  vite_app
  package "vite build" '{"vite":"7.1.12","sass":"1.93.2"}'
  put src/main.js <<'JS'
import "./app.scss";
JS
  put src/app.scss <<'SCSS'
$ink: #222;
body { color: $inkk; }
SCSS
  npm install >/dev/null 2>&1; record vite-sass "npm run build"
fi

if case_ esbuild-syntax; then
  package "esbuild src/main.js --bundle --outfile=dist/main.js" '{"esbuild":"0.25.11"}'
  put src/main.js <<'JS'
import { load } from "./load.js";
load().then((rows) => console.log(rows));
JS
  put src/load.js <<'JS'
export async function load() {
  const answer = await fetch("/rows";
  return answer.json();
}
JS
  npm install >/dev/null 2>&1; record esbuild-syntax "npm run build"
fi

if case_ webpack-own-file; then
  package "webpack --mode production" '{"webpack":"5.102.1","webpack-cli":"6.0.1"}'
  put src/index.js <<'JS'
import { start } from "./start";
import { chart } from "./chart";
start(chart);
JS
  put src/start.js <<'JS'
export const start = (what) => what();
JS
  npm install >/dev/null 2>&1; record webpack-own-file "npm run build"
fi

next_app() {
  package "next build" "{\"next\":\"15.5.6\",\"react\":\"19.2.0\",\"react-dom\":\"19.2.0\",\"typescript\":\"5.9.3\",\"@types/react\":\"19.2.2\",\"@types/node\":\"22.18.12\"}"
  put tsconfig.json <<'JSON'
{ "compilerOptions": { "target": "ES2022", "lib": ["dom", "esnext"], "strict": true, "noEmit": true, "module": "esnext",
  "moduleResolution": "bundler", "jsx": "preserve", "skipLibCheck": true, "esModuleInterop": true,
  "resolveJsonModule": true, "isolatedModules": true, "incremental": true, "allowJs": true,
  "plugins": [{ "name": "next" }] }, "include": ["next-env.d.ts", "**/*.ts", "**/*.tsx", ".next/types/**/*.ts"],
  "exclude": ["node_modules"] }
JSON
  put app/layout.tsx <<'TS'
export default function Layout({ children }: { children: React.ReactNode }) {
  return <html lang="en"><body>{children}</body></html>;
}
TS
}

if case_ next-type-error; then
  next_app
  put lib/price.ts <<'TS'
export function price(cents: number, currency: string) { return `${cents / 100} ${currency}`; }
TS
  put app/page.tsx <<'TS'
import { price } from "../lib/price";
export default function Page() { return <p>{price("1200", "EUR")}</p>; }
TS
  npm install >/dev/null 2>&1; record next-type-error "npm run build"
fi

if case_ next-missing-package; then
  next_app
  put app/page.tsx <<'TS'
import clsx from "clsx";
export default function Page() { return <p className={clsx("a", "b")}>Hello</p>; }
TS
  npm install >/dev/null 2>&1; record next-missing-package "npm run build"
fi

if case_ next-prerender-window; then
  next_app
  put app/page.tsx <<'TS'
import { width } from "../lib/width";
export default function Page() { return <p>{width()}</p>; }
TS
  put lib/width.ts <<'TS'
export const width = () => window.innerWidth;
TS
  npm install >/dev/null 2>&1; record next-prerender-window "npm run build"
fi

if case_ next-env-missing; then
  next_app
  put app/api/pay/route.ts <<'TS'
const key = process.env.STRIPE_SECRET_KEY;
if (!key) throw new Error("Missing required environment variable: STRIPE_SECRET_KEY");
export async function GET() { return Response.json({ ok: true }); }
TS
  put app/page.tsx <<'TS'
export default function Page() { return <p>Hello</p>; }
TS
  npm install >/dev/null 2>&1; record next-env-missing "npm run build"
fi

if case_ next-client-hook; then
  next_app
  put app/page.tsx <<'TS'
import { Counter } from "./counter";
export default function Page() { return <Counter />; }
TS
  put app/counter.tsx <<'TS'
import { useState } from "react";
export function Counter() { const [n, set] = useState(0); return <button onClick={() => set(n + 1)}>{n}</button>; }
TS
  npm install >/dev/null 2>&1; record next-client-hook "npm run build"
fi

if case_ npm-eresolve; then
  package "true" '{"react":"19.2.0","react-dom":"18.3.1","react-helmet-async":"2.0.5"}'
  record npm-eresolve "npm install"
fi

if case_ npm-ci-out-of-sync; then
  package "true" '{"is-odd":"3.0.1"}'
  npm install >/dev/null 2>&1
  package "true" '{"is-odd":"3.0.1","is-even":"1.0.0"}'
  record npm-ci-out-of-sync "npm ci"
fi

if case_ npm-missing-script; then
  package "true"
  record npm-missing-script "npm run compile"
fi

if case_ npm-no-such-version; then
  package "true" '{"is-odd":"^47.0.0"}'
  record npm-no-such-version "npm install"
fi

if case_ npm-no-package-json; then
  put web/package.json <<<'{"name":"web"}'
  record npm-no-package-json "npm install"
fi

if case_ npm-bad-json; then
  put package.json <<'JSON'
{ "name": "shop", "scripts": { "build": "vite build", }, "dependencies": {} }
JSON
  record npm-bad-json "npm install"
fi

if case_ npm-registry-down; then
  package "true" '{"is-odd":"3.0.1"}'
  record npm-registry-down "npm install --registry http://127.0.0.1:9 --fetch-retries 0"
fi

if case_ npm-tool-missing; then
  package "vite build"
  npm install >/dev/null 2>&1; record npm-tool-missing "npm run build"
fi

if case_ npm-engine-strict; then
  put package.json <<'JSON'
{ "name": "shop", "version": "1.0.0", "engines": { "node": ">=99" } }
JSON
  record npm-engine-strict "npm install --engine-strict"
fi

if case_ pnpm-frozen-lockfile; then
  package "true" '{"is-odd":"3.0.1"}'
  npx --yes pnpm@9.15.9 install >/dev/null 2>&1
  package "true" '{"is-odd":"3.0.1","is-even":"1.0.0"}'
  record pnpm-frozen-lockfile "npx --yes pnpm@9.15.9 install --frozen-lockfile"
fi

if case_ yarn-frozen-lockfile; then
  package "true" '{"is-odd":"3.0.1"}'
  npx --yes yarn@1.22.22 install >/dev/null 2>&1
  package "true" '{"is-odd":"3.0.1","is-even":"1.0.0"}'
  record yarn-frozen-lockfile "npx --yes yarn@1.22.22 install --frozen-lockfile"
fi

if case_ eslint; then
  package "eslint ." '{"eslint":"9.38.0"}'
  put eslint.config.js <<'JS'
export default [{ rules: { "no-unused-vars": "error", "no-undef": "error", "prefer-const": "warn" } }];
JS
  put src/a.js <<'JS'
let kept = 1;
export default kept;
JS
  put src/b.js <<'JS'
import { x } from "./a.js";
export const y = missing;
JS
  npm install >/dev/null 2>&1; record eslint "npm run build"
fi

if case_ prettier; then
  package "prettier --check src" '{"prettier":"3.6.2"}'
  put src/a.js <<'JS'
export const a = 1;
JS
  put src/b.js <<'JS'
export   const b=1
JS
  npm install >/dev/null 2>&1; record prettier "npm run build"
fi

if case_ node-missing-package; then
  package "node scripts/build.js" "{}" commonjs
  put scripts/build.js <<'JS'
const { globSync } = require("fast-glob");
console.log(globSync("*"));
JS
  record node-missing-package "npm run build"
fi

if case_ node-missing-own-file; then
  package "node scripts/build.js"
  put scripts/build.js <<'JS'
import { pages } from "./lib/pages.js";
console.log(pages);
JS
  record node-missing-own-file "npm run build"
fi

if case_ node-throws; then
  package "node scripts/feed.js"
  put scripts/feed.js <<'JS'
import { entries } from "./entries.js";
const posts = { items: undefined };
console.log(entries(posts));
JS
  put scripts/entries.js <<'JS'
export const entries = (posts) => posts.items.map((one) => one.title);
JS
  record node-throws "npm run build"
fi

if case_ node-esm-require; then
  package "node scripts/build.js"
  put scripts/build.js <<'JS'
const fs = require("node:fs");
fs.mkdirSync("dist");
JS
  record node-esm-require "npm run build"
fi

if case_ node-heap; then
  package "node --max-old-space-size=30 build.js"
  put build.js <<'JS'
const all = [];
for (;;) all.push(new Array(10000).fill("x".repeat(10) + all.length));
JS
  record node-heap "npm run build"
fi

if case_ python-missing-module; then
  put app/main.py <<'PY'
from app import routes
PY
  put app/__init__.py </dev/null
  put app/routes.py <<'PY'
import flask_caching_missing
PY
  put requirements.txt </dev/null
  record python-missing-module "python3 -m app.main"
fi

if case_ python-syntax; then
  put app.py <<'PY'
def total(items)
    return sum(items)
PY
  record python-syntax "python3 app.py"
fi

if case_ python-key-error; then
  put settings.py <<'PY'
import os
SECRET = os.environ["DJANGO_SECRET_KEY"]
PY
  put manage.py <<'PY'
import settings
PY
  record python-key-error "python3 manage.py"
fi

if case_ pip-no-version; then
  put requirements.txt <<'TXT'
idna==3.7
idna-ssl-extra==99.1
TXT
  record pip-no-version "python3 -m pip install --disable-pip-version-check --target site -r requirements.txt"
fi

if case_ pip-conflict; then
  put requirements.txt <<'TXT'
requests==2.32.3
idna==1.1
TXT
  record pip-conflict "python3 -m pip install --disable-pip-version-check --target site -r requirements.txt"
fi

cargo_app() {
  put Cargo.toml <<TOML
[package]
name = "shop"
version = "0.1.0"
edition = "2021"
[dependencies]
$1
TOML
}

if case_ cargo-type-error; then
  cargo_app ""
  put src/main.rs <<'RS'
mod price;
fn main() { let unused = 1; println!("{}", price::total(&[1, 2])); }
RS
  put src/price.rs <<'RS'
pub fn total(prices: &[u32]) -> String { prices.iter().sum::<u32>() }
RS
  record cargo-type-error "cargo build --offline"
fi

if case_ cargo-missing-crate; then
  cargo_app ""
  put src/main.rs <<'RS'
use anyhow::Result;
fn main() -> Result<()> { Ok(()) }
RS
  record cargo-missing-crate "cargo build --offline"
fi

if case_ cargo-no-version; then
  cargo_app 'fnv = "99"'
  put src/main.rs <<'RS'
fn main() {}
RS
  record cargo-no-version "cargo build"
fi

if case_ astro-missing-component; then
  package "astro build" '{"astro":"5.15.1"}'
  put src/pages/index.astro <<'ASTRO'
---
import Card from "../components/Card.astro";
---
<html><body><Card /></body></html>
ASTRO
  npm install >/dev/null 2>&1; record astro-missing-component "npm run build"
fi

if case_ svelte-syntax; then
  package "vite build" '{"vite":"7.1.12","svelte":"5.41.4","@sveltejs/vite-plugin-svelte":"6.2.1"}'
  put vite.config.js <<'JS'
import { svelte } from "@sveltejs/vite-plugin-svelte";
export default { plugins: [svelte()] };
JS
  put index.html <<'HTML'
<!doctype html><html><body><script type="module" src="/src/main.js"></script></body></html>
HTML
  put src/main.js <<'JS'
import App from "./App.svelte";
import { mount } from "svelte";
mount(App, { target: document.body });
JS
  put src/App.svelte <<'SVELTE'
<script>let rows = [];</script>
{#each rows as row}<p>{row}</p>
SVELTE
  npm install >/dev/null 2>&1; record svelte-syntax "npm run build"
fi
