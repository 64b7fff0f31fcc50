// The page of react.html; t/tools/examples makes react.js of it with esbuild.

import { createRoot } from 'react-dom/client';

import RefundForm from './RefundForm.jsx';

const order = new URLSearchParams(location.search).get('merchant_uid')
    ?? 'ORD20180131-0000011';

createRoot(document.getElementById('root'))
    .render(<RefundForm merchantUid={order} />);
