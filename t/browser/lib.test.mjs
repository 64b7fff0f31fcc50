// The helpers themselves: nginx answers, and Chromium shows what it says.

import { assert, browser, nginx, test } from './lib.mjs';


test('Chromium shows a payment that was refunded', async () => {
    const server = await nginx('lib', {
        port: 0,
        payments: ['imp_uid=imp_1 merchant_uid=order_1 amount=1000'],
    });
    const chromium = await browser();

    try {
        const answer = await server.refund({ merchant_uid: 'order_1',
                                             cancel_request_amount: 300 });

        assert.equal(answer.status, 200);
        assert.equal(answer.body.refundable_amount, 700);

        const page = await chromium.newPage();

        await page.goto(`${server.url}/payments/order_1`);
        assert.match(await page.textContent('body'), /"refundable_amount":700/);

        const ledger = await server.sandbox('GET', 'ledger');

        assert.equal(ledger.body.payments.imp_1.executions, 1);
        assert.doesNotMatch(await server.log(), /\[(alert|crit|emerg)\]/);

    } finally {
        await chromium.close();
        await server.stop();
    }
});
