// A form for the refund of an order, with React and axios.

import { useRef, useState } from 'react';
import axios from 'axios';

// A click is one refund, however often its request has to be sent: until the
// outcome is known, the same bytes are sent again with the same key, also
// after the page was loaded anew. The browser forgets them with the tab.

const waiting = () => JSON.parse(sessionStorage.getItem('refund'));

export default function RefundForm({ merchantUid }) {
    const [open, setOpen] = useState(() => waiting() !== null);
    const [text, setText] = useState(
        open ? '이전 환불 요청의 결과를 확인해 주세요.' : '');
    const [busy, setBusy] = useState(false);

    // a second click can come before the button is drawn as disabled

    const sending = useRef(false);

    async function submit(event) {
        event.preventDefault();

        if (sending.current) {
            return;
        }

        sending.current = true;

        const earlier = waiting();
        const { key, body } = earlier ?? request(event.currentTarget);
        const again = earlier !== null;

        sessionStorage.setItem('refund', JSON.stringify({ key, body }));
        setOpen(true);
        setBusy(true);
        setText('환불을 요청하고 있습니다.');

        const { known, text } = await axios({
            url: '/payments/cancel',
            method: 'POST',
            headers: {
                'Content-Type': 'application/json',
                'Idempotency-Key': key,
            },
            data: body,
            timeout: 180000,
            validateStatus: () => true,
        }).then(({ status, data, headers }) =>
                    meaning(status, data, headers['portone-refund-id'], again),
                () => meaning(0, null, null, again));

        if (known) {
            sessionStorage.removeItem('refund');
        }

        setOpen(!known);
        setBusy(false);
        setText(text);
        sending.current = false;
    }

    return (
        <form id="refund" onSubmit={submit}>
            <h1>환불</h1>
            <label>주문번호
                <input name="merchant_uid" defaultValue={merchantUid} required
                       disabled={open} />
            </label>
            <label>환불 금액 (원)
                <input name="cancel_request_amount" type="number" min="1"
                       required disabled={open} />
            </label>
            <label>환불 사유
                <input name="reason" maxLength="256" disabled={open} />
            </label>
            <fieldset>
                <legend>환불받을 계좌 (가상계좌로 결제한 경우)</legend>
                <label>예금주
                    <input name="refund_holder" maxLength="16"
                           disabled={open} />
                </label>
                <label>은행 코드
                    <input name="refund_bank" maxLength="4" disabled={open} />
                </label>
                <label>계좌번호
                    <input name="refund_account" maxLength="16"
                           inputMode="numeric" disabled={open} />
                </label>
            </fieldset>
            <p role="status">{text}</p>
            <button disabled={busy}>{open ? '결과 확인' : '환불하기'}</button>
        </form>
    );
}

function request(form) {
    const fields = Object.fromEntries(
        [...new FormData(form)].filter(([, value]) => value !== ''));

    fields.cancel_request_amount = Number(fields.cancel_request_amount);

    return { key: crypto.randomUUID(), body: JSON.stringify(fields) };
}

// known: whether this request has refunded is certain, one way or the other;
// again: it was sent before, and what came of that is not known

function meaning(status, answer, id, again) {
    // every answer of the module has this member, other people's JSON has not

    const ours = answer?.imp_uid !== undefined;

    if (ours && status === 200) {
        const rest = answer.refundable_amount.toLocaleString('ko-KR');

        return { known: true,
                 text: `환불되었습니다. 남은 환불 가능 금액: ${rest}원` };
    }

    if (ours && status === 202) {
        return { known: true,
                 text: '환불이 접수되었습니다. 입금까지 시간이 걸릴 수 있습니다.' };
    }

    // with the header it is this refund, without it another one of the order

    if (ours && answer.error === 'refund_in_progress') {
        return { known: !again && !id, text: answer.message };
    }

    // nothing came of this attempt; that is not said of those before it

    if (ours && again && ['portone_unauthorized', 'portone_unavailable',
                          'store_unavailable', 'overloaded']
                             .includes(answer.error))
    {
        return { known: false,
                 text: '아직 결과를 확인하지 못했습니다. 잠시 후 다시 확인해 주세요.' };
    }

    if (ours && answer.error) {
        return { known: answer.error !== 'outcome_unknown',
                 text: answer.message };
    }

    // nginx itself refuses before a refund is begun; again, of this attempt only

    if (status === 401 || status === 403) {
        return { known: !again, text: '로그인한 후 다시 요청해 주세요.' };
    }

    if (status === 429) {
        return { known: !again,
                 text: '요청이 너무 많습니다. 잠시 후 다시 요청해 주세요.' };
    }

    return { known: false,
             text: '응답을 받지 못했습니다. 잠시 후 결과를 확인해 주세요.' };
}
