
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


/*
 * The words of the page of portone_status, in HTML, UTF-8, Korean and English
 * side by side: "word" is a text, "words" is n texts, a macro of the file that
 * includes this list.  Texts with a % are formats of ngx_sprintf(); a format
 * takes the same types of arguments in all languages.
 */

word(lang, "ko", "en")
word(title, "포트원 환불 상태", "PortOne refunds")
word(skip, "본문으로 건너뛰기", "Skip to content")
word(refresh, "새로 고침", "Refresh")

/* the state of health, and the reasons for it */

words(level, 3, ("모두 정상입니다", "확인이 필요합니다", "장애가 있습니다"),
      ("All is well", "Attention is needed", "Something is broken"))
words(level_short, 3, ("정상", "확인 필요", "장애"),
      ("OK", "Attention", "Broken"))
word(no_store, "portone_store가 설정되어 있지 않습니다.",
     "No portone_store is configured.")
word(store_down,
     "저장소를 열 수 없습니다. 환불 요청은 503으로 거절됩니다. 오류 로그의 [emerg] 행을 "
     "확인하십시오.",
     "The store cannot be opened: refunds are refused with 503. See the "
     "[emerg] lines of the error log.")
word(store_full,
     "저장소가 가득 찼습니다. 새 환불은 거절되고 진행 중인 환불만 마무리됩니다. "
     "portone_store의 size를 늘리고 reload하십시오.",
     "The store is full: new refunds are refused, only those that are open "
     "are finished. Raise the size of portone_store and reload.")
word(store_filling, "저장소가 %uA%% 찼습니다. portone_store의 size를 늘리십시오.",
     "The store is %uA%% full: raise the size of portone_store.")
word(store_failed, "저장소에 마지막으로 쓰려던 시도가 실패했습니다(%s).",
     "The last attempt to write to the store has failed (%s).")
word(api_failed, "포트원이 마지막 호출에 응답하지 않았습니다(%s).",
     "PortOne did not answer the last call (%s).")
word(keys_refused,
     "포트원이 API 키를 거절합니다. 이 키를 쓰는 환불 요청은 502로 거절됩니다. "
     "portone_imp_key와 portone_imp_secret을 포트원 관리자 콘솔과 비교하고 "
     "reload하십시오.",
     "PortOne refuses the API keys: refunds that need them are answered with "
     "502. Compare portone_imp_key and portone_imp_secret with PortOne's "
     "console, and reload.")
word(unreadable, "읽을 수 없는 환불 기록이 %uA건 있습니다.",
     "Records of refunds that cannot be read: %uA.")
word(reviews, "담당자의 확인을 기다리는 주문이 %uA건 있습니다.",
     "Orders that wait for a person: %uA.")
word(unsettled,
     "결과를 모르는 환불이 %uA건 있으며, 가장 오래된 것은 %s째 정리되지 않았습니다. "
     "오류 로그를 확인하십시오.",
     "Refunds whose outcome is not known: %uA; the oldest one for %s. See the "
     "error log.")
word(late, "포트원이 접수한 환불이 %s째 끝나지 않았습니다.",
     "PortOne has accepted a refund, and not finished it for %s.")

word(seconds, "%uA초", "%uA s")
word(minutes, "%uA분", "%uA min")
word(hours, "%uA시간", "%uA h")
word(days, "%uA일", "%uA days")
word(ago, "%s 전", "%s ago")
word(never, "없음", "never")

word(now, "현재", "Now")
word(in_flight, "처리 중인 요청", "Requests in flight")
word(unknown, "결과를 모르는 환불", "Outcome not known")
word(pending, "포트원이 접수한 환불", "Accepted by PortOne")
word(sending, "전송 중인 환불", "Being sent")
word(review, "담당자 확인 필요", "Need a person")
word(oldest, "가장 오래된 것: %s", "the oldest: %s")

/* the orders that need a person */

word(person, "담당자가 확인할 주문", "Orders that need a person")
word(person_none, "확인할 주문이 없습니다.", "There are none.")
words(person_do, 3,
      ("포트원 관리자 콘솔에서 결제(imp_uid)의 취소 내역을 봅니다.",
       "이 환불과 금액이 같고 요청 시각 뒤에 이루어진 취소가 있으며, 다른 사람이 한 취소가 "
       "아니면 succeeded, 없으면 not_executed입니다.",
       "<code>portone_payment write;</code>가 있는 위치에 알립니다. <code>POST "
       "…/주문 번호/refunds/환불 번호</code>, 본문 <code>{\"state\": "
       "\"succeeded\"}</code> 또는 <code>{\"state\": "
       "\"not_executed\"}</code>."),
      ("Look the payment (imp_uid) up in PortOne's console, and its "
       "cancellations.",
       "If there is a cancellation of this amount, made after the time of the "
       "request and by nobody else, the refund has succeeded; if not, it was "
       "not executed.",
       "Tell a location with <code>portone_payment write;</code>: <code>POST "
       "…/order/refunds/refund</code> with the body <code>{\"state\": "
       "\"succeeded\"}</code> or <code>{\"state\": "
       "\"not_executed\"}</code>."))
word(person_locked,
     "그때까지 주문은 잠겨 있고, 환불 요청은 409 refund_in_progress로 응답됩니다.",
     "Until then the order is locked: requests for a refund are answered with "
     "409 refund_in_progress.")
word(person_dont,
     "확인하기 전에 콘솔에서 다시 환불하지 마십시오. 두 번 환불될 수 있습니다.",
     "Do not refund in the console before you have looked: it may be the "
     "second time.")
word(person_more, "이 밖에 %uA건이 더 있습니다.", "There are %uA more.")
word(damaged,
     "기록을 읽을 수 없음: 오류 로그를 확인하고 저장소를 백업과 비교하십시오",
     "The record cannot be read: see the error log, compare the store with a "
     "backup")
word(waiting,
     "포트원이 접수하고 끝내지 않음: imp_uid로 포트원이나 PG사에 문의하십시오",
     "Accepted by PortOne and not finished: ask PortOne or the payment "
     "gateway, with the imp_uid")

word(order, "주문 번호", "Order")
word(payment, "결제", "Payment")
word(refund, "환불 번호", "Refund")
word(amount, "금액", "Amount")
word(since, "요청 시각", "Requested")
word(ended, "시각", "Time")
word(result, "결과", "Result")
word(count, "건수", "Number")
word(shop, "상점", "Shop")

word(recent, "최근 환불", "Recent refunds")
word(recent_none, "아직 없습니다.", "There are none yet.")
words(states, PORTONE_STATE_MAX,
      ("전송 중", "접수됨", "환불됨", "거절됨", "결과 모름", "실행되지 않음",
       "담당자 확인 필요"),
      ("being sent", "pending", "succeeded", "rejected", "unknown",
       "not executed", "needs a person"))

word(portone, "포트원과 디스크", "PortOne and the disk")
word(call, "호출", "Call")
words(calls, NGX_HTTP_PORTONE_CALL_MAX,
      ("토큰", "결제 조회", "주문 조회", "대조", "환불"),
      ("token", "payment", "order", "drift", "refund"))
word(ok, "성공", "answered")
word(refused, "거절", "refused")
word(failed, "응답 없음", "failed")
word(half, "중앙값", "median")
word(most, "99%", "99%")
word(last_answer, "마지막 응답", "Last answer")
word(last_failure, "마지막 실패", "Last failure")
word(commit, "디스크 기록", "commit to disk")
word(drift, "포트원과 대조한 결제 %uA건, 그중 달랐던 결제 %uA건.",
     "Payments held against PortOne's: %uA, of which %uA differed.")

word(results, "환불 요청의 결과 (%s부터)", "Requests for a refund by result (since %s)")
word(succeeded, "환불됨", "succeeded")
word(replayed, "저장된 응답을 다시 보냄", "saved answer sent again")
word(none, "아직 요청이 없습니다.", "There were none yet.")

word(store, "저장소", "Store")
word(used, "사용량", "Used")
word(payments, "결제", "Payments")
word(attempts, "끝난 환불", "Refunds that ended")
word(journal, "변경 이력", "Entries of the journal")
word(readers, "읽기 슬롯 %uA / %uA", "%uA of %uA places of readers")
word(workers, "워커 프로세스 %uA개", "Worker processes: %uA")
word(unavailable, "저장소를 읽을 수 없어 표시할 수 없습니다.",
     "Not known: the store cannot be read.")
