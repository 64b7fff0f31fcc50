// The refund forms of docs/examples/button, each in Chromium, against the
// module and its PortOne.

import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { after, before } from 'node:test';

import { assert, browser, nginx, screenshots, test, until } from './lib.mjs';

const examples = join(process.env.BUILD, 'examples');
const forms = ['fetch', 'jquery', 'react'];
const payments = [];
let server, chromium;

// each form has payments of its own: imp_fetch_1 of order_fetch_1, ...

for (const form of forms) {
    for (let n = 1; n <= 15; n++) {
        payments.push(`imp_uid=imp_${form}_${n}`
                      + ` merchant_uid=order_${form}_${n} amount=10000`
                      + (n === 2 ? ' pay_method=vbank' : '')
                      + (n === 12 ? ' async=on' : ''));
    }
}

before(async () => {
    execFileSync('t/tools/examples');
    server = await nginx('button', {
        port: 1,
        payments,
        http: `portone_connect_timeout 1s;
               portone_read_timeout 2s;
               portone_settle_time 5s;
               portone_reconcile_interval 1s;
               sendfile off;`,
        locations: `location /examples/ { alias ${examples}/; }`,
    });
    chromium = await browser();
});

after(async () => {
    assert.doesNotMatch(await server.log(), /\[(alert|crit|emerg)\]/);
    await chromium.close();
    await server.stop();
});


// Opens the form of an order, and keeps what it sends.

async function open(form, n, options = {}) {
    const context = await chromium.newContext({ locale: 'ko-KR', ...options });
    const page = await context.newPage();
    const order = `order_${form}_${n}`;
    const sent = [];
    const errors = [];

    page.setDefaultTimeout(15000);
    page.on('pageerror', (error) => errors.push(String(error)));
    page.on('request', (request) => {
        if (request.url().endsWith('/payments/cancel')) {
            sent.push({ key: request.headers()['idempotency-key'],
                        body: request.postData() });
        }
    });

    await page.goto(`${server.url}/examples/${form}.html`
                    + `?merchant_uid=${order}`);
    await page.waitForSelector('button');

    return {
        context, page, sent, order, imp: `imp_${form}_${n}`,

        fill: async (fields) => {
            for (const [name, value] of Object.entries(fields)) {
                await page.fill(`[name=${name}]`, value);
            }
        },

        click: () => page.click('button'),

        // waits until the form says this, and offers this button

        says: async (text, label = '환불하기') => {
            await page.waitForFunction(([part, label]) => {
                const button = document.querySelector('button');

                return document.querySelector('[role=status]').textContent
                           .includes(part)
                    && button.textContent === label && !button.disabled;
            }, [text, label]);
        },

        close: async () => {
            assert.deepEqual(errors, []);
            await context.close();
        },
    };
}

async function ledger(shop) {
    const { body } = await server.sandbox('GET',
                                   `ledger?call=cancel&imp_uid=${shop.imp}`);

    return { cancels: body.requests.map((request) => JSON.parse(request.body)),
             ...body.payments[shop.imp] };
}

async function fault(shop, fault) {
    await server.sandbox('POST', 'faults',
                         { call: 'cancel', imp_uid: shop.imp, ...fault });
}


for (const form of forms) {
    const each = (title, n, run, options) =>
        test(`${form}: ${title}`, async () => {
            const shop = await open(form, n, options);

            try {
                await run(shop);
            } finally {
                await shop.close();
            }
        });

    each('a part is refunded, then another one, with keys of their own', 1,
         async (shop) => {
        await shop.fill({ cancel_request_amount: '2000', reason: '변심' });
        await shop.click();
        await shop.says('환불되었습니다. 남은 환불 가능 금액: 8,000원');
        await shop.click();
        await shop.says('남은 환불 가능 금액: 6,000원');

        assert.equal(shop.sent.length, 2);
        assert.notEqual(shop.sent[0].key, shop.sent[1].key);
        assert.match(shop.sent[0].key, /^[0-9a-f-]{36}$/);

        const { cancels, executed_amount } = await ledger(shop);

        assert.equal(executed_amount, 4000);
        assert.deepEqual(cancels.map(({ amount, reason, checksum }) =>
                                         ({ amount, reason, checksum })),
            [{ amount: 2000, reason: '변심', checksum: 10000 },
             { amount: 2000, reason: '변심', checksum: 8000 }]);

        await shop.page.screenshot({
            path: join(await screenshots(), `button-${form}.png`),
        });
    });

    each('a virtual account needs an account to refund to', 2,
         async (shop) => {
        await shop.fill({ cancel_request_amount: '2000' });
        await shop.click();
        await shop.says('환불받을 계좌의 예금주, 은행 코드, 계좌번호를');
        await shop.fill({ refund_holder: '홍길동', refund_bank: '88',
                          refund_account: '56211105948400' });
        await shop.click();
        await shop.says('남은 환불 가능 금액: 8,000원');

        const { cancels } = await ledger(shop);

        assert.equal(cancels.length, 1);
        assert.equal(cancels[0].refund_holder, '홍길동');
        assert.equal(cancels[0].refund_bank, '88');
        assert.equal(cancels[0].refund_account, '56211105948400');
    });

    each('an order that is refunded already, and too much', 3,
         async (shop) => {
        await shop.fill({ cancel_request_amount: '10001' });
        await shop.click();
        await shop.says('환불 요청 금액이 환불 가능한 금액보다 큽니다.');
        await shop.fill({ cancel_request_amount: '10000' });
        await shop.click();
        await shop.says('남은 환불 가능 금액: 0원');
        await shop.click();
        await shop.says('이미 전액환불된 주문입니다.');
        assert.equal((await ledger(shop)).executions, 1);
    });

    each('PortOne refuses, and the customer is told why', 4, async (shop) => {
        await fault(shop, { fault: 'refuse', code: -1,
                            message: '결제취소에 실패하였습니다. [정산 한도]' });
        await shop.fill({ cancel_request_amount: '2000' });
        await shop.click();
        await shop.says('결제취소에 실패하였습니다. [정산 한도]');
        await shop.click();
        await shop.says('남은 환불 가능 금액: 8,000원');
        assert.equal((await ledger(shop)).executions, 1);
    });

    each('an outcome that is not known is asked for until it is', 5,
         async (shop) => {
        await fault(shop, { fault: 'lose_answer' });
        await shop.fill({ cancel_request_amount: '2000' });
        await shop.click();
        await shop.says('환불 결과를 아직 확인하지 못했습니다.', '결과 확인');
        assert.ok(await shop.page.isDisabled('[name=cancel_request_amount]'));
        await shop.click();
        await shop.says('아직 끝나지 않았습니다.', '결과 확인');

        await until('the refund is settled', async () => {
            await shop.click();
            await shop.page.waitForSelector('button:not([disabled])');

            return (await shop.page.textContent('[role=status]'))
                .includes('남은 환불 가능 금액: 8,000원');
        }, 20);

        assert.equal(new Set(shop.sent.map(({ key }) => key)).size, 1);
        assert.equal(new Set(shop.sent.map(({ body }) => body)).size, 1);

        const { executions, cancels } = await ledger(shop);

        assert.equal(executions, 1);
        assert.equal(cancels.length, 1);
    });

    each('offline: nothing is lost, nothing is made twice', 6,
         async (shop) => {
        await shop.fill({ cancel_request_amount: '2000' });
        await shop.context.setOffline(true);
        await shop.click();
        await shop.says('응답을 받지 못했습니다.', '결과 확인');
        await shop.context.setOffline(false);
        await shop.click();
        await shop.says('남은 환불 가능 금액: 8,000원');
        assert.equal((await ledger(shop)).executions, 1);
    });

    each('the answer is lost on the way, and the page is loaded anew', 7,
         async (shop) => {
        await shop.page.route('**/payments/cancel', async (route) => {
            await route.fetch();
            await route.abort();
        }, { times: 1 });
        await shop.fill({ cancel_request_amount: '2000' });
        await shop.click();
        await shop.says('응답을 받지 못했습니다.', '결과 확인');
        assert.equal((await ledger(shop)).executions, 1);

        await shop.page.reload();
        await shop.says('이전 환불 요청의 결과를', '결과 확인');

        const answer = shop.page.waitForResponse('**/payments/cancel');

        await shop.click();
        assert.equal((await answer).headers()['idempotent-replayed'], 'true');
        await shop.says('남은 환불 가능 금액: 8,000원');
        assert.equal((await ledger(shop)).executions, 1);
    });

    each('two clicks at once are one request', 8, async (shop) => {
        const gate = `${form}_8`;

        await fault(shop, { fault: 'gate', name: gate });
        await shop.fill({ cancel_request_amount: '2000' });
        await shop.page.evaluate(() => {
            const button = document.querySelector('button');

            button.click();
            button.click();
            button.form.requestSubmit();
        });
        await server.sandbox('GET', `gates/${gate}?waiting=1`);
        assert.ok(await shop.page.isDisabled('button'));
        await shop.page.press('button', 'Enter').catch(() => {});
        await server.sandbox('POST', `gates/${gate}`, { open: true });
        await shop.says('남은 환불 가능 금액: 8,000원');
        assert.equal(shop.sent.length, 1);
        assert.equal((await ledger(shop)).executions, 1);
    });

    each('what is no refund is not sent', 9, async (shop) => {
        for (const amount of ['', '0', '-1', '1.5']) {
            await shop.fill({ cancel_request_amount: amount });
            await shop.click();
            assert.equal(await shop.page.$eval('form',
                                        (form) => form.checkValidity()), false);
        }

        assert.deepEqual(shop.sent, []);
    });

    each('answers that are not of the module', 10, async (shop) => {
        let answer;

        // one route for all: where one ends, requests can pass it by

        await shop.page.route('**/payments/cancel', (route) => answer(route));
        await shop.fill({ cancel_request_amount: '2000' });

        for (const [status, text, label] of [
            [401, '로그인한 후', '환불하기'],
            [403, '로그인한 후', '환불하기'],
            [429, '요청이 너무 많습니다.', '환불하기'],
            [502, '응답을 받지 못했습니다.', '결과 확인'],
            [200, '응답을 받지 못했습니다.', '결과 확인'],
        ]) {
            answer = (route) => route.fulfill({
                status, contentType: 'text/html',
                body: '<h1>somebody else</h1>',
            });
            await shop.click();
            await shop.says(text, label);
        }

        answer = (route) => route.continue();
        await shop.click();
        await shop.says('남은 환불 가능 금액: 8,000원');
        assert.equal((await ledger(shop)).executions, 1);
    });

    each('an order of nobody', 11, async (shop) => {
        await shop.fill({ merchant_uid: 'order_of_nobody',
                          cancel_request_amount: '2000' });
        await shop.click();
        await shop.says('결제 내역을 찾을 수 없습니다.');
        assert.deepEqual(JSON.parse(shop.sent[0].body),
                         { merchant_uid: 'order_of_nobody',
                           cancel_request_amount: 2000 });
    });

    each('PortOne makes the refund later', 12, async (shop) => {
        await shop.fill({ cancel_request_amount: '2000' });
        await shop.click();
        await shop.says('환불이 접수되었습니다.');
    });

    each('who cannot tell what became of the first attempt settles nothing',
         13, async (shop) => {
        const json = 'application/json';
        const page = ['text/html', '<h1>somebody else</h1>'];
        const module = (error) => [json, JSON.stringify({
            error, message: error, code: null, merchant_uid: shop.order,
            imp_uid: null,
        })];

        let answer = async (route) => {
            await route.fetch();
            await route.abort();
        };

        await shop.page.route('**/payments/cancel', (route) => answer(route));
        await shop.fill({ cancel_request_amount: '2000' });
        await shop.click();
        await shop.says('응답을 받지 못했습니다.', '결과 확인');

        for (const [status, text, [contentType, body]] of [
            [401, '로그인한 후', page],
            [403, '로그인한 후', page],
            [429, '요청이 너무 많습니다.', page],
            [429, '요청이 너무 많습니다.', [json, '{"error":"too many"}']],
            [500, '응답을 받지 못했습니다.', page],
            [504, '응답을 받지 못했습니다.',
             [json, '{"error":"Gateway Timeout","message":"upstream"}']],
            [200, '응답을 받지 못했습니다.', [json, '{}']],
            [202, '응답을 받지 못했습니다.', [json, '[]']],
            [502, '아직 결과를', module('portone_unavailable')],
            [502, '아직 결과를', module('portone_unauthorized')],
            [503, '아직 결과를', module('store_unavailable')],
            [503, '아직 결과를', module('overloaded')],
        ]) {
            answer = (route) => route.fulfill({ status, contentType, body });
            await shop.click();
            await shop.says(text, '결과 확인');
        }

        answer = (route) => route.continue();
        await shop.click();
        await shop.says('남은 환불 가능 금액: 8,000원');
        assert.equal(new Set(shop.sent.map(({ key }) => key)).size, 1);
        assert.equal((await ledger(shop)).executions, 1);
    });

    each('of another refund of the order it does not take the result', 14,
         async (shop) => {
        await fault(shop, { fault: 'lose_answer' });

        const answer = await fetch(`${server.url}/payments/cancel`, {
            method: 'POST',
            headers: { 'Content-Type': 'application/json' },
            body: JSON.stringify({ merchant_uid: shop.order,
                                   cancel_request_amount: 1000 }),
        });

        assert.equal(answer.status, 504);

        await shop.fill({ cancel_request_amount: '2000' });
        await shop.click();
        await shop.says('아직 끝나지 않았습니다.', '환불하기');
        assert.equal(await shop.page.isDisabled('[name=reason]'), false);

        await until('the other refund is settled', async () => {
            const order = await fetch(`${server.url}/payments/${shop.order}`);

            return (await order.json()).refundable_amount === 9000;
        }, 20);

        await shop.click();
        await shop.says('남은 환불 가능 금액: 7,000원');
        assert.notEqual(shop.sent[0].key, shop.sent[1].key);
        assert.equal((await ledger(shop)).executions, 2);
    });

    each('a request that the browser repeats by itself is one refund', 15,
         async (shop) => {
        const gate = `${form}_15`;
        let first;

        await fault(shop, { fault: 'gate', name: gate });
        await shop.page.route('**/payments/cancel', async (route) => {
            first = route.fetch();
            await server.sandbox('GET', `gates/${gate}?waiting=1`);
            await route.continue();
        }, { times: 1 });
        await shop.fill({ cancel_request_amount: '2000' });
        await shop.click();
        await shop.says('아직 끝나지 않았습니다.', '결과 확인');

        await server.sandbox('POST', `gates/${gate}`, { open: true });
        assert.equal((await first).status(), 200);
        await shop.click();
        await shop.says('남은 환불 가능 금액: 8,000원');
        assert.equal(new Set(shop.sent.map(({ key }) => key)).size, 1);
        assert.equal((await ledger(shop)).executions, 1);
    });
}
