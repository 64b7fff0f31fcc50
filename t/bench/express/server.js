// The guide's server, as somebody who runs it in production writes it: one
// connection pool, one token, and a record on disk before the cancel is sent
// and after it has been answered.
//
//     BENCH_PAYLOAD, BENCH_PAYMENTS, BENCH_PORT, BENCH_UPSTREAM, BENCH_STORE,
//     BENCH_CA

'use strict';

const fs = require('node:fs');
const http = require('node:http');
const https = require('node:https');

const axios = require('axios');
const express = require('express');
const lmdb = require('lmdb');

const { BENCH_PAYLOAD, BENCH_PAYMENTS, BENCH_PORT, BENCH_UPSTREAM, BENCH_STORE,
    BENCH_CA } = process.env;

// a write is done when it is on disk; writes that come together share a commit

const root = lmdb.open({
    path: BENCH_STORE,
    mapSize: 2 ** 34,
    overlappingSync: false,
    encoding: 'json',
});

const payments = root.openDB('payments', { encoding: 'json' });
const intents = root.openDB('intents', { encoding: 'json' });
const attempts = root.openDB('attempts', { encoding: 'json' });

const client = axios.create({
    baseURL: BENCH_UPSTREAM,
    timeout: 60000,
    maxRedirects: 0,
    proxy: false,
    httpAgent: new http.Agent({ keepAlive: true, maxSockets: 512 }),
    httpsAgent: new https.Agent({
        keepAlive: true,
        maxSockets: 512,
        ca: BENCH_CA && fs.readFileSync(BENCH_CA),
        servername: 'localhost',
    }),
});

let token;
let expires = 0;

async function getToken() {
    if (Date.now() < expires) {
        return token;
    }

    const { data } = await client.post('/users/getToken', {
        imp_key: 'bench',
        imp_secret: 'bench',
    });
    const { access_token, now, expired_at } = data.response;

    token = access_token;
    expires = Date.now() + (expired_at - now - 60) * 1000;

    return token;
}

async function load() {
    const text = fs.readFileSync(`${BENCH_PAYLOAD}/payment.json`, 'utf8')
        .replace('%cancel_amount%', '0')
        .replace('%status%', 'paid')
        .replace('%cancelled_at%', '0')
        .replace('%cancel_reason%', 'null')
        .replace('%cancel_history%', '');

    await payments.transaction(() => {
        for (let i = 0; i < Number(BENCH_PAYMENTS); i++) {
            const id = String(i).padStart(12, '0');

            payments.put(`ORD${id}`, JSON.parse(text.replaceAll('%id%', id)));
        }
    });
}

const app = express();

app.disable('x-powered-by');
app.disable('etag');
app.use(express.json());

app.post('/payments/cancel', async (req, res) => {
    const { merchant_uid, reason, cancel_request_amount } = req.body;

    try {
        const accessToken = await getToken();
        const payment = payments.get(merchant_uid);

        if (!payment) {
            return res.status(404).json({ message: 'not found' });
        }

        const { imp_uid, amount, cancel_amount } = payment;
        const cancelableAmount = amount - cancel_amount;

        if (cancelableAmount <= 0) {
            return res.status(400)
                .json({ message: '이미 전액환불된 주문입니다.' });
        }

        const intent = {
            imp_uid,
            merchant_uid,
            amount: cancel_request_amount,
            checksum: cancelableAmount,
            reason,
            requested_at: Date.now(),
        };

        if (!await intents.ifNoExists(merchant_uid,
            () => intents.put(merchant_uid, intent)))
        {
            return res.status(409).json({ message: 'refund in progress' });
        }

        const { data } = await client.post('/payments/cancel', {
            reason,
            imp_uid,
            amount: cancel_request_amount,
            checksum: cancelableAmount,
        }, { headers: { Authorization: accessToken } });

        if (data.code !== 0) {
            await intents.remove(merchant_uid);
            return res.status(422).json({ message: data.message });
        }

        const { response } = data;

        await root.transaction(() => {
            payments.put(merchant_uid, response);
            attempts.put([merchant_uid, intent.requested_at],
                { ...intent, settled_at: Date.now() });
            intents.remove(merchant_uid);
        });

        response.refundable_amount = response.amount - response.cancel_amount;

        return res.json(response);

    } catch (error) {
        return res.status(400).send({ message: error.message });
    }
});

app.get('/ping', (req, res) => res.status(204).end());

async function main() {
    if (!payments.get('ORD000000000000')) {
        await load();
    }

    const server = app.listen(Number(BENCH_PORT), '127.0.0.1', 16384);

    server.keepAliveTimeout = 600000;
}

main();
