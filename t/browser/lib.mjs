// What tests of pages share: an nginx with both modules, and Chromium.
//
//     import { browser, nginx, test, assert } from './lib.mjs';
//
//     const server = await nginx('name', { port: 0, locations: '...' });
//     const chromium = await browser();
//     ...
//     await chromium.close();
//     await server.stop();
//
// A test file has a name and a port of its own: `port` is added to PORT.

import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export { test } from 'node:test';
export { default as assert } from 'node:assert/strict';

const build = process.env.BUILD;
const home = join(build, 'browser');
const { chromium } = createRequire(join(home, 'x'))('playwright-core');

const executables = [process.env.CHROMIUM, '/usr/bin/chromium',
                     '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];


// Waits until the function returns something true, which is returned.

export async function until(what, condition, seconds = 10) {
    const end = Date.now() + seconds * 1000;

    for ( ;; ) {
        const result = await condition();

        if (result) {
            return result;
        }

        if (Date.now() > end) {
            throw new Error(`not within ${seconds} s: ${what}`);
        }

        await sleep(5);
    }
}


export async function browser() {
    const executablePath = executables.find((name) => name && existsSync(name));

    return await chromium.launch({
        executablePath,
        args: process.getuid() === 0 ? ['--no-sandbox'] : [],
    });
}


// The directory of screenshots, to be looked at by people.

export async function screenshots() {
    const dir = join(home, 'screenshots');

    await mkdir(dir, { recursive: true });

    return dir;
}


function listening(port) {
    return new Promise((resolve) => {
        const socket = connect(port, '127.0.0.1');

        socket.on('connect', () => { socket.destroy(); resolve(true); });
        socket.on('error', () => resolve(false));
    });
}


function alive(process) {
    return process.exitCode === null && process.signalCode === null;
}


// Starts an nginx with an empty store and its own PortOne below /sandbox/.
// http, server and locations are directives at these levels; payments are
// lines with the parameters of portone_sandbox_payment.

export async function nginx(name, options = {}) {
    const port = Number(process.env.PORT || 21984) + (options.port || 0);
    const root = join(home, name);
    const url = `http://127.0.0.1:${port}`;
    const payments = (options.payments || [])
        .map((line) => `portone_sandbox_payment ${line};`).join('\n');

    if (await listening(port)) {
        throw new Error(`port ${port} is in use`);
    }

    await rm(root, { recursive: true, force: true });
    await mkdir(join(root, 'temp'), { recursive: true });

    await writeFile(join(root, 'nginx.conf'), `
${process.getuid() === 0 ? 'user root root;' : ''}
load_module ${build}/ngx_http_portone_module.so;
load_module ${build}/ngx_http_portone_sandbox_module.so;
daemon off;
worker_processes ${options.workers || 2};
pid nginx.pid;
error_log error.log info;

events {
}

http {
    default_type application/octet-stream;
    types {
        text/html html;
        text/javascript js;
        text/css css;
    }

    client_body_temp_path temp/body;
    proxy_temp_path temp/proxy;
    fastcgi_temp_path temp/fastcgi;
    uwsgi_temp_path temp/uwsgi;
    scgi_temp_path temp/scgi;
    access_log access.log;

    portone_store store size=64m;
    portone_api ${url}/sandbox;
    portone_imp_key imp_key_of_tests;
    portone_imp_secret imp_secret_of_tests;
    portone_sandbox_account imp_key_of_tests imp_secret_of_tests;
    ${payments}
    ${options.http || ''}

    server {
        listen 127.0.0.1:${port};
        ${options.server || ''}

        location = /payments/cancel {
            portone_cancel;
        }

        location /payments/ {
            portone_payment;
        }

        location /sandbox/ {
            portone_sandbox;
        }

        ${options.locations || ''}
    }
}
`);

    const output = [];
    let child;

    async function start() {
        child = spawn('nginx', ['-p', `${root}/`, '-e', `${root}/error.log`,
                                '-c', `${root}/nginx.conf`],
                      { stdio: ['ignore', 'pipe', 'pipe'] });
        child.stdout.on('data', (text) => output.push(text));
        child.stderr.on('data', (text) => output.push(text));

        await until('nginx listens', async () => {
            if (!alive(child)) {
                throw new Error(`nginx does not start: ${output.join('')}`);
            }

            return await listening(port);
        });
    }

    // ends nginx; with a page that keeps a connection open, too

    async function stop(signal = 'SIGTERM') {
        if (alive(child)) {
            child.kill(signal);
            await until('nginx ends', () => !alive(child));
        }
    }

    async function request(method, path, body) {
        const answer = await fetch(url + path, {
            method,
            headers: body === undefined ? {}
                                        : { 'Content-Type': 'application/json' },
            body: body === undefined ? undefined : JSON.stringify(body),
        });

        return { status: answer.status, headers: answer.headers,
                 text: await answer.text() };
    }

    async function json(method, path, body) {
        const answer = await request(method, path, body);

        return { status: answer.status, body: JSON.parse(answer.text) };
    }

    await start();

    return {
        url, root, start, stop, request, json,

        refund: (body) => json('POST', '/payments/cancel', body),
        sandbox: (method, path, body) =>
            json(method, `/sandbox/_sandbox/${path}`, body),
        log: () => readFile(join(root, 'error.log'), 'utf8'),
    };
}
