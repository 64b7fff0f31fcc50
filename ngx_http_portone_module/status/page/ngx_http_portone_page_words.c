
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include "ngx_http_portone_page_words.h"
#include "portone_error.h"


const ngx_http_portone_page_words_t  ngx_http_portone_page_words[2] = {

    [PORTONE_LANGUAGE_KO] = {
        .lang = "ko",
        .title = "포트원 환불 상태",
        .skip = "본문으로 건너뛰기",
        .refresh = "새로 고침",

        .level = { "모두 정상입니다", "확인이 필요합니다", "장애가 있습니다" },
        .level_short = { "정상", "확인 필요", "장애" },
        .no_store = "portone_store가 설정되어 있지 않습니다.",
        .store_down = "저장소를 열 수 없습니다. 환불 요청은 503으로 거절됩니다. "
                      "오류 로그의 [emerg] 행을 확인하십시오.",
        .store_full = "저장소가 가득 찼습니다. 새 환불은 거절되고 진행 중인 환불만 "
                      "마무리됩니다. portone_store의 size를 늘리고 reload하십시오.",
        .store_filling = "저장소가 %uA%% 찼습니다. "
                         "portone_store의 size를 늘리십시오.",
        .store_failed = "저장소에 마지막으로 쓰려던 시도가 실패했습니다(%s).",
        .api_failed = "포트원이 마지막 호출에 응답하지 않았습니다(%s).",
        .keys_refused = "포트원이 API 키를 거절합니다. 이 키를 쓰는 환불 요청은 "
                        "502로 거절됩니다. portone_imp_key와 "
                        "portone_imp_secret을 포트원 관리자 콘솔과 비교하고 "
                        "reload하십시오.",
        .unreadable = "읽을 수 없는 환불 기록이 %uA건 있습니다.",
        .reviews = "담당자의 확인을 기다리는 주문이 %uA건 있습니다.",
        .unsettled = "결과를 모르는 환불이 %uA건 있으며, 가장 오래된 것은 %s째 "
                     "정리되지 않았습니다. 오류 로그를 확인하십시오.",
        .late = "포트원이 접수한 환불이 %s째 끝나지 않았습니다.",

        .seconds = "%uA초",
        .minutes = "%uA분",
        .hours = "%uA시간",
        .days = "%uA일",
        .ago = "%s 전",
        .never = "없음",

        .now = "현재",
        .in_flight = "처리 중인 요청",
        .unknown = "결과를 모르는 환불",
        .pending = "포트원이 접수한 환불",
        .sending = "전송 중인 환불",
        .review = "담당자 확인 필요",
        .oldest = "가장 오래된 것: %s",

        .person = "담당자가 확인할 주문",
        .person_none = "확인할 주문이 없습니다.",
        .person_do = {
            "포트원 관리자 콘솔에서 결제(imp_uid)의 취소 내역을 봅니다.",
            "이 환불과 금액이 같고 요청 시각 뒤에 이루어진 취소가 있으며, 다른 사람이 "
            "한 취소가 아니면 succeeded, 없으면 not_executed입니다.",
            "<code>portone_payment write;</code>가 있는 위치에 알립니다. "
            "<code>POST …/주문 번호/refunds/환불 번호</code>, 본문 "
            "<code>{\"state\": \"succeeded\"}</code> 또는 "
            "<code>{\"state\": \"not_executed\"}</code>."
        },
        .person_locked = "그때까지 주문은 잠겨 있고, 환불 요청은 409 "
                         "refund_in_progress로 응답됩니다.",
        .person_dont = "확인하기 전에 콘솔에서 다시 환불하지 마십시오. 두 번 환불될 수 "
                       "있습니다.",
        .person_more = "이 밖에 %uA건이 더 있습니다.",
        .damaged = "기록을 읽을 수 없음: 오류 로그를 확인하고 저장소를 백업과 "
                   "비교하십시오",
        .waiting = "포트원이 접수하고 끝내지 않음: imp_uid로 포트원이나 PG사에 "
                   "문의하십시오",

        .order = "주문 번호",
        .payment = "결제",
        .refund = "환불 번호",
        .amount = "금액",
        .since = "요청 시각",
        .ended = "시각",
        .result = "결과",
        .count = "건수",
        .shop = "상점",

        .recent = "최근 환불",
        .recent_none = "아직 없습니다.",
        .states = { "전송 중", "접수됨", "환불됨", "거절됨", "결과 모름",
                    "실행되지 않음", "담당자 확인 필요" },

        .portone = "포트원과 디스크",
        .call = "호출",
        .calls = { "토큰", "결제 조회", "주문 조회", "대조", "환불" },
        .ok = "성공",
        .refused = "거절",
        .failed = "응답 없음",
        .half = "중앙값",
        .most = "99%",
        .last_answer = "마지막 응답",
        .last_failure = "마지막 실패",
        .commit = "디스크 기록",
        .drift = "포트원과 대조한 결제 %uA건, 그중 달랐던 결제 %uA건.",

        .results = "환불 요청의 결과 (%s부터)",
        .succeeded = "환불됨",
        .replayed = "저장된 응답을 다시 보냄",
        .none = "아직 요청이 없습니다.",

        .store = "저장소",
        .used = "사용량",
        .payments = "결제",
        .attempts = "끝난 환불",
        .journal = "변경 이력",
        .readers = "읽기 슬롯 %uA / %uA",
        .workers = "워커 프로세스 %uA개",
        .unavailable = "저장소를 읽을 수 없어 표시할 수 없습니다."
    },

    [PORTONE_LANGUAGE_EN] = {
        .lang = "en",
        .title = "PortOne refunds",
        .skip = "Skip to content",
        .refresh = "Refresh",

        .level = { "All is well", "Attention is needed",
                   "Something is broken" },
        .level_short = { "OK", "Attention", "Broken" },
        .no_store = "No portone_store is configured.",
        .store_down = "The store cannot be opened: refunds are refused with "
                      "503. See the [emerg] lines of the error log.",
        .store_full = "The store is full: new refunds are refused, only those "
                      "that are open are finished. Raise the size of "
                      "portone_store and reload.",
        .store_filling = "The store is %uA%% full: raise the size of "
                         "portone_store.",
        .store_failed = "The last attempt to write to the store has failed "
                        "(%s).",
        .api_failed = "PortOne did not answer the last call (%s).",
        .keys_refused = "PortOne refuses the API keys: refunds that need them "
                        "are answered with 502. Compare portone_imp_key and "
                        "portone_imp_secret with PortOne's console, and "
                        "reload.",
        .unreadable = "Records of refunds that cannot be read: %uA.",
        .reviews = "Orders that wait for a person: %uA.",
        .unsettled = "Refunds whose outcome is not known: %uA; the oldest one "
                     "for %s. See the error log.",
        .late = "PortOne has accepted a refund, and not finished it for %s.",

        .seconds = "%uA s",
        .minutes = "%uA min",
        .hours = "%uA h",
        .days = "%uA days",
        .ago = "%s ago",
        .never = "never",

        .now = "Now",
        .in_flight = "Requests in flight",
        .unknown = "Outcome not known",
        .pending = "Accepted by PortOne",
        .sending = "Being sent",
        .review = "Need a person",
        .oldest = "the oldest: %s",

        .person = "Orders that need a person",
        .person_none = "There are none.",
        .person_do = {
            "Look the payment (imp_uid) up in PortOne's console, and its "
            "cancellations.",
            "If there is a cancellation of this amount, made after the time of "
            "the request and by nobody else, the refund has succeeded; if "
            "not, it was not executed.",
            "Tell a location with <code>portone_payment write;</code>: "
            "<code>POST …/order/refunds/refund</code> with the body "
            "<code>{\"state\": \"succeeded\"}</code> or "
            "<code>{\"state\": \"not_executed\"}</code>."
        },
        .person_locked = "Until then the order is locked: requests for a "
                         "refund are answered with 409 refund_in_progress.",
        .person_dont = "Do not refund in the console before you have looked: "
                       "it may be the second time.",
        .person_more = "There are %uA more.",
        .damaged = "The record cannot be read: see the error log, compare the "
                   "store with a backup",
        .waiting = "Accepted by PortOne and not finished: ask PortOne or the "
                   "payment gateway, with the imp_uid",

        .order = "Order",
        .payment = "Payment",
        .refund = "Refund",
        .amount = "Amount",
        .since = "Requested",
        .ended = "Time",
        .result = "Result",
        .count = "Number",
        .shop = "Shop",

        .recent = "Recent refunds",
        .recent_none = "There are none yet.",
        .states = { "being sent", "pending", "succeeded", "rejected",
                    "unknown", "not executed", "needs a person" },

        .portone = "PortOne and the disk",
        .call = "Call",
        .calls = { "token", "payment", "order", "drift", "refund" },
        .ok = "answered",
        .refused = "refused",
        .failed = "failed",
        .half = "median",
        .most = "99%",
        .last_answer = "Last answer",
        .last_failure = "Last failure",
        .commit = "commit to disk",
        .drift = "Payments held against PortOne's: %uA, of which %uA "
                 "differed.",

        .results = "Requests for a refund by result (since %s)",
        .succeeded = "succeeded",
        .replayed = "saved answer sent again",
        .none = "There were none yet.",

        .store = "Store",
        .used = "Used",
        .payments = "Payments",
        .attempts = "Refunds that ended",
        .journal = "Entries of the journal",
        .readers = "%uA of %uA places of readers",
        .workers = "Worker processes: %uA",
        .unavailable = "Not known: the store cannot be read."
    }
};
