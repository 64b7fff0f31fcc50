// The page of portone_status: in light and dark, Korean and English, on a
// desk and on a phone, by keyboard; with nothing to say, with orders that need
// a person, and without a store.

import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before } from 'node:test';

import { assert, browser, nginx, screenshots, test, until } from './lib.mjs';

const markup = '<b>&"';
const orders = [1, 2, 3, 4, 5].map((n) =>
    `imp_uid=imp_${n} merchant_uid=ORD20180131-000001${n} amount=${n}0000`);

let server, chromium, pictures, contexts;


before(async () => {
    pictures = await screenshots();
    chromium = await browser();
    contexts = [];

    server = await nginx('status', {
        port: 10,
        payments: orders,
        http: `portone_connect_timeout 200ms;
               portone_read_timeout 500ms;
               portone_settle_time 3s;
               portone_reconcile_interval 1s;`,
        locations: `location = /status { portone_status html; }
                    location = /status/en { portone_status html;
                                            portone_language en; }
                    location = /status.json { portone_status; }`,
    });
});


after(async () => {
    for (const context of contexts) {
        await context.close();
    }

    await chromium.close();
    await server.stop();
});


// A page with what it asked for and what it complained about.

async function open(options = {}, path = '/status') {
    const context = await chromium.newContext({
        locale: 'ko-KR', viewport: { width: 1280, height: 900 }, ...options,
    });
    const page = await context.newPage();
    const asked = [], complaints = [];

    contexts.push(context);

    page.on('request', (request) => asked.push(request.url()));
    page.on('console', (message) => complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(String(error)));

    const answer = await page.goto(server.url + path);

    assert.equal(answer.status(), 200);
    assert.deepEqual(complaints, [], 'the browser has nothing to say');
    assert.deepEqual(asked, [server.url + path], 'nothing else is loaded');

    return page;
}


async function picture(page, name) {
    await page.screenshot({ path: join(pictures, `status-${name}.png`),
                            fullPage: true });
}


// The least contrast of any text with what is behind it (WCAG 2: 4.5).

function leastContrast() {
    const channel = (value) => {
        const c = value / 255;

        return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
    };

    const colour = (text) => {
        const [r, g, b, a = 1] = text.match(/[\d.]+/g).map(Number);

        return { a, luminance: 0.2126 * channel(r) + 0.7152 * channel(g)
                               + 0.0722 * channel(b) };
    };

    const behind = (element) => {
        for (let e = element; e; e = e.parentElement) {
            const background = colour(getComputedStyle(e).backgroundColor);

            if (background.a > 0) {
                return background.luminance;
            }
        }

        return 1;
    };

    const walker = document.createTreeWalker(document.body,
                                             NodeFilter.SHOW_TEXT);
    let least = { ratio: 21 };

    while (walker.nextNode()) {
        const element = walker.currentNode.parentElement;

        if (walker.currentNode.textContent.trim() === '') {
            continue;
        }

        const a = colour(getComputedStyle(element).color).luminance;
        const b = behind(element);
        const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);

        if (ratio < least.ratio) {
            least = { ratio, text: walker.currentNode.textContent };
        }
    }

    return least;
}


async function readable(page) {
    const least = await page.evaluate(leastContrast);

    assert.ok(least.ratio >= 4.5, JSON.stringify(least));

    assert.ok(await page.evaluate(() =>
        document.documentElement.scrollWidth <= window.innerWidth),
        'nothing is wider than the screen');
}


test('nothing has happened yet', async () => {
    const page = await open();

    assert.equal(await page.getAttribute('html', 'lang'), 'ko');
    assert.match(await page.title(), /^정상 · /);
    assert.equal(await page.textContent('.health h2'), '모두 정상입니다');
    assert.equal(await page.locator('.health li').count(), 0);
    assert.equal(await page.locator('section').count(), 7);
    assert.match(await page.textContent('section:has(#person)'),
                 /확인할 주문이 없습니다/);
    await readable(page);
    await picture(page, 'empty');
});


test('an order that needs a person, and what is known of others', async () => {
    for (const n of [1, 2]) {
        const answer = await server.refund({
            merchant_uid: `ORD20180131-000001${n}`, amount: 3000,
        });

        assert.equal(answer.status, 200);
    }

    await server.sandbox('POST', 'payments', {
        imp_uid: 'imp_<i>', merchant_uid: `a${markup}b`, amount: 5000,
    });

    await server.sandbox('POST', 'faults',
        [{ call: 'cancel', imp_uid: 'imp_3', fault: 'lose_request' },
         { call: 'cancel', imp_uid: 'imp_<i>', fault: 'lose_request' },
         { call: 'payment', fault: 'status', status: 503, times: 0 }]);

    for (const uid of ['ORD20180131-0000013', `a${markup}b`]) {
        const answer = await server.refund({ merchant_uid: uid, amount: 3000 });

        assert.equal(answer.status, 504);
    }

    await server.sandbox('POST', 'payments/imp_3/console', { amount: 100 });
    await server.sandbox('POST', 'payments/imp_%3Ci%3E/console',
                         { amount: 100 });
    await server.sandbox('DELETE', 'faults');

    const status = await until('two orders need a person', async () => {
        const answer = await server.json('GET', '/status.json');

        return answer.body.refunds_open.manual_review === 2 && answer.body;
    }, 20);

    const page = await open();
    const person = page.locator('section:has(#person)');

    assert.match(await page.title(), /^확인 필요 · /);
    assert.equal(await page.textContent('.health h2'), '확인이 필요합니다');
    assert.match(await page.textContent('.health li'), /2건/);

    // whole identifiers, as text and not as markup

    assert.equal(await person.locator('tbody tr').count(), 2);

    for (const review of status.reviews) {
        const row = person.locator('tbody tr', { hasText: review.refund_id });
        const codes = await row.locator('code').allTextContents();

        assert.deepEqual(codes, [review.merchant_uid, review.imp_uid,
                                 review.refund_id]);
    }

    assert.ok(status.reviews.some((r) => r.merchant_uid === `a${markup}b`));
    assert.equal(await page.locator('b, i').count(), 0);
    assert.match(await person.textContent(), /콘솔에서 다시 환불하지 마십시오/);

    // what has ended shows the end of the order only

    const recent = await page.textContent('section:has(#recent)');

    assert.match(recent, /…0011/);
    assert.match(recent, /…0012/);
    assert.doesNotMatch(recent, /ORD20180131/);
    assert.match(recent, /3000 KRW/);
    assert.match(recent, /환불됨/);

    await readable(page);
    await picture(page, 'ko-light');
});


test('dark', async () => {
    const page = await open({ colorScheme: 'dark' });

    assert.equal(await page.evaluate(() =>
        getComputedStyle(document.body).backgroundColor), 'rgb(13, 17, 23)');
    await readable(page);
    await picture(page, 'ko-dark');
});


test('English, by the browser or by the configuration', async () => {
    const page = await open({ locale: 'en-US' });

    assert.equal(await page.getAttribute('html', 'lang'), 'en');
    assert.equal(await page.textContent('.health h2'), 'Attention is needed');
    assert.doesNotMatch(await page.textContent('body'),
                        /[\u1100-\u11ff\u3130-\u318f\uac00-\ud7a3]/);
    await readable(page);
    await picture(page, 'en-light');

    const french = await open({ locale: 'fr-FR' }, '/status/en');

    assert.equal(await french.getAttribute('html', 'lang'), 'en');

    const korean = await open({ locale: 'fr-FR' });

    assert.equal(await korean.getAttribute('html', 'lang'), 'ko');
});


test('a phone', async () => {
    for (const colorScheme of ['light', 'dark']) {
        const page = await open({
            colorScheme, viewport: { width: 360, height: 740 },
            isMobile: true, hasTouch: true, deviceScaleFactor: 2,
        });

        await readable(page);

        // each cell says which column it was

        assert.equal(await page.evaluate(() => getComputedStyle(
            document.querySelector('#person ~ table td'), '::before')
            .content), '"주문 번호"');
        await picture(page, `phone-${colorScheme}`);

        // what is seen first

        await page.screenshot({
            path: join(pictures, `status-phone-${colorScheme}-top.png`),
        });
    }
});


test('by keyboard, without a script', async () => {
    const page = await open({ javaScriptEnabled: false });

    await page.keyboard.press('Tab');
    assert.equal(await page.locator(':focus').textContent(),
                 '본문으로 건너뛰기');
    assert.ok(await page.locator(':focus').isVisible());

    await page.keyboard.press('Enter');
    assert.equal(await page.locator(':focus').getAttribute('id'), 'main');

    await page.keyboard.press('Shift+Tab');
    assert.equal(await page.locator(':focus').textContent(), '새로 고침');

    await Promise.all([page.waitForNavigation(),
                       page.keyboard.press('Enter')]);
    assert.equal(page.url(), `${server.url}/status`);

    // headings lead through the page

    assert.equal(await page.getByRole('heading', { level: 1 }).count(), 1);
    assert.equal(await page.getByRole('heading', { level: 2 }).count(), 7);
    assert.equal(await page.getByRole('table').count(), 4);
    assert.ok(await page.getByRole('meter').count() === 1);
});


test('PortOne does not answer', async () => {
    await server.sandbox('POST', 'faults',
        { call: 'cancel', imp_uid: 'imp_4', fault: 'lose_request' });
    await server.refund({ merchant_uid: 'ORD20180131-0000014', amount: 100 });

    const page = await open();

    // a later answer would make it well again: at once, or in the same second

    assert.match(await page.textContent('section:has(#portone)'),
                 /마지막 실패/);
});


test('the store cannot be opened', async () => {
    await server.stop();
    await rename(join(server.root, 'store'), join(server.root, 'away'));
    await mkdir(join(server.root, 'store'));
    await writeFile(join(server.root, 'store', 'data.mdb'), 'x'.repeat(8192));
    await server.start();

    for (const colorScheme of ['light', 'dark']) {
        const page = await open({ colorScheme });

        assert.match(await page.title(), /^장애 · /);
        assert.equal(await page.textContent('.health h2'), '장애가 있습니다');
        assert.match(await page.textContent('.health li'),
                     /저장소를 열 수 없습니다/);
        await readable(page);
        await picture(page, `broken-${colorScheme}`);
    }
});
