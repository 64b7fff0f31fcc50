
/*
 * Copyright (C) ngx_http_portone_module contributors
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>
#include <ngx_sha1.h>

#include "ngx_http_portone_sandbox_request.h"


static ngx_int_t ngx_http_portone_sandbox_token_account(
    ngx_http_portone_sandbox_ctx_t *ctx, ngx_str_t *imp_key,
    ngx_str_t *imp_secret, ngx_http_portone_sandbox_account_t **account);
static ngx_http_portone_sandbox_token_t *ngx_http_portone_sandbox_token_slot(
    ngx_http_portone_sandbox_sh_t *sh,
    ngx_http_portone_sandbox_account_t *account, time_t now);
static ngx_int_t ngx_http_portone_sandbox_token_grant(
    ngx_http_portone_sandbox_ctx_t *ctx,
    ngx_http_portone_sandbox_account_t *account,
    ngx_http_portone_sandbox_text_t *text);
static void ngx_http_portone_sandbox_token_renew(
    ngx_http_portone_sandbox_sh_t *sh,
    ngx_http_portone_sandbox_token_t *token,
    ngx_http_portone_sandbox_account_t *account);
static ngx_uint_t ngx_http_portone_sandbox_token_is(ngx_str_t *value,
    u_char *data, size_t len);


static ngx_str_t  ngx_http_portone_sandbox_wrong_key =
    ngx_string("인증에 실패하였습니다. API키와 secret을 확인하세요.");
static ngx_str_t  ngx_http_portone_sandbox_no_key =
    ngx_string("imp_key, imp_secret 파라메터가 누락되었습니다.");
static ngx_str_t  ngx_http_portone_sandbox_no_token =
    ngx_string("Unauthorized");

/* the sandbox's own words: PortOne's are unrecorded */
static ngx_str_t  ngx_http_portone_sandbox_wrong_tier =
    ngx_string("sandbox: no such Tier for this account");


static ngx_uint_t
ngx_http_portone_sandbox_token_is(ngx_str_t *value, u_char *data, size_t len)
{
    return value->len == len
           && (len == 0 || ngx_memcmp(value->data, data, len) == 0);
}


/* NGX_ABORT: the keys are right, the tier is wrong */

static ngx_int_t
ngx_http_portone_sandbox_token_account(ngx_http_portone_sandbox_ctx_t *ctx,
    ngx_str_t *imp_key, ngx_str_t *imp_secret,
    ngx_http_portone_sandbox_account_t **account)
{
    ngx_int_t                            rc;
    ngx_str_t                            tier;
    ngx_uint_t                           i;
    ngx_http_portone_sandbox_account_t  *accounts;

    ngx_http_portone_sandbox_args_header(ctx->request, "tier", &tier);

    accounts = ctx->conf->accounts->elts;
    rc = NGX_DECLINED;

    for (i = 0; i < ctx->conf->accounts->nelts; i++) {

        if (!ngx_http_portone_sandbox_token_is(imp_key,
                                               accounts[i].imp_key.data,
                                               accounts[i].imp_key.len)
            || !ngx_http_portone_sandbox_token_is(imp_secret,
                                                  accounts[i].imp_secret.data,
                                                  accounts[i].imp_secret.len))
        {
            continue;
        }

        if (ngx_http_portone_sandbox_token_is(&tier, accounts[i].tier.data,
                                              accounts[i].tier.len))
        {
            *account = &accounts[i];
            return NGX_OK;
        }

        rc = NGX_ABORT;
    }

    if (rc == NGX_ABORT) {
        ngx_log_error(NGX_LOG_ERR, ctx->request->connection->log, 0,
                      "portone sandbox: the account has no tier \"%V\"",
                      &tier);
    }

    return rc;
}


static ngx_http_portone_sandbox_token_t *
ngx_http_portone_sandbox_token_slot(ngx_http_portone_sandbox_sh_t *sh,
    ngx_http_portone_sandbox_account_t *account, time_t now)
{
    ngx_uint_t                         i;
    ngx_http_portone_sandbox_token_t  *token, *unused;

    unused = NULL;

    for (i = 0; i < NGX_HTTP_PORTONE_SANDBOX_MAX_TOKENS; i++) {
        token = &sh->tokens[i];

        if (token->key_len
            && ngx_http_portone_sandbox_token_is(&account->imp_key,
                                                 token->key, token->key_len)
            && ngx_http_portone_sandbox_token_is(&account->tier, token->tier,
                                                 token->tier_len))
        {
            return token;
        }

        if (unused == NULL && token->expired_at <= now) {
            unused = token;
        }
    }

    if (unused) {
        unused->expired_at = 0;
    }

    return unused;
}


static void
ngx_http_portone_sandbox_token_renew(ngx_http_portone_sandbox_sh_t *sh,
    ngx_http_portone_sandbox_token_t *token,
    ngx_http_portone_sandbox_account_t *account)
{
    u_char      digest[20];
    ngx_uint_t  seed[4];
    ngx_sha1_t  sha1;

    sh->tokens_issued++;
    sh->sequence++;

    seed[0] = (ngx_uint_t) ngx_random();
    seed[1] = (ngx_uint_t) ngx_random();
    seed[2] = (ngx_uint_t) sh->sequence;
    seed[3] = (ngx_uint_t) ngx_time();

    ngx_sha1_init(&sha1);
    ngx_sha1_update(&sha1, seed, sizeof(seed));
    ngx_sha1_final(digest, &sha1);

    (void) ngx_hex_dump(token->token, digest, sizeof(digest));

    token->key_len = account->imp_key.len;
    ngx_memcpy(token->key, account->imp_key.data, token->key_len);

    token->tier_len = account->tier.len;

    if (token->tier_len) {
        ngx_memcpy(token->tier, account->tier.data, token->tier_len);
    }
}


/*
 * Writes the account's token, which is renewed or prolonged if its time has
 * come.  NGX_DECLINED: all slots of the zone are taken.
 */

static ngx_int_t
ngx_http_portone_sandbox_token_grant(ngx_http_portone_sandbox_ctx_t *ctx,
    ngx_http_portone_sandbox_account_t *account,
    ngx_http_portone_sandbox_text_t *text)
{
    time_t                             now, life;
    ngx_http_portone_sandbox_sh_t     *sh;
    ngx_http_portone_sandbox_token_t  *token;

    sh = ctx->zone->sh;
    life = ctx->conf->token_life;

    ngx_http_portone_sandbox_zone_lock(ctx->zone);

    now = ngx_http_portone_sandbox_zone_now(ctx->zone,
                                            ctx->conf->clock_offset);

    token = ngx_http_portone_sandbox_token_slot(sh, account, now);

    if (token == NULL) {
        ngx_http_portone_sandbox_zone_unlock(ctx->zone);
        return NGX_DECLINED;
    }

    if (token->expired_at <= now) {
        ngx_http_portone_sandbox_token_renew(sh, token, account);
        token->expired_at = now + life;

    } else if (token->expired_at - now <= ngx_max(life / 30, 1)) {

        /*
         * PortOne adds 5 minutes in the last minute of a token's 30: a shorter
         * life keeps these proportions
         */

        token->expired_at += ngx_max(life / 6, 1);
    }

    ngx_http_portone_sandbox_text_format(text,
                               "{\"access_token\":\"%*s\",\"now\":%T,"
                               "\"expired_at\":%T}",
                               (size_t) NGX_HTTP_PORTONE_SANDBOX_TOKEN_LEN,
                               token->token, now, token->expired_at);

    ngx_http_portone_sandbox_zone_unlock(ctx->zone);

    return NGX_OK;
}


void
ngx_http_portone_sandbox_token_issue(ngx_http_portone_sandbox_ctx_t *ctx)
{
    ngx_int_t                            rc;
    ngx_str_t                            response;
    ngx_http_portone_sandbox_arg_t       key, secret;
    ngx_http_portone_sandbox_text_t      text;
    ngx_http_portone_sandbox_account_t  *account;

    if (ngx_http_portone_sandbox_args_get(ctx, "imp_key", &key) != NGX_OK
        || ngx_http_portone_sandbox_args_get(ctx, "imp_secret", &secret)
           != NGX_OK)
    {
        ctx->status = NGX_HTTP_INTERNAL_SERVER_ERROR;
        return;
    }

    if (ctx->body_error) {
        ngx_http_portone_sandbox_respond_unrecorded(ctx, ctx->body_error);
        return;
    }

    if (key.value.len == 0 || secret.value.len == 0) {
        ngx_http_portone_sandbox_respond_failure(ctx, NGX_HTTP_BAD_REQUEST, -1,
                                              &ngx_http_portone_sandbox_no_key);
        return;
    }

    rc = ngx_http_portone_sandbox_token_account(ctx, &key.value,
                                                &secret.value, &account);
    if (rc != NGX_OK) {
        ngx_http_portone_sandbox_respond_failure(ctx, NGX_HTTP_UNAUTHORIZED, -1,
                             rc == NGX_ABORT
                             ? &ngx_http_portone_sandbox_wrong_tier
                             : &ngx_http_portone_sandbox_wrong_key);
        return;
    }

    ngx_http_portone_sandbox_text_init(&text, ctx->request->pool, 256);

    if (ngx_http_portone_sandbox_token_grant(ctx, account, &text) != NGX_OK) {
        ngx_http_portone_sandbox_respond_full(ctx);
        return;
    }

    if (ngx_http_portone_sandbox_text_done(&text, &response) != NGX_OK) {
        ctx->status = NGX_HTTP_INTERNAL_SERVER_ERROR;
        return;
    }

    ctx->executed = 1;
    ngx_http_portone_sandbox_respond_success(ctx, NGX_HTTP_OK, &response);
}


ngx_int_t
ngx_http_portone_sandbox_token_check(ngx_http_portone_sandbox_ctx_t *ctx)
{
    time_t                             now;
    ngx_str_t                          value, tier;
    ngx_uint_t                         i;
    ngx_http_request_t                *r;
    ngx_http_portone_sandbox_token_t  *token, found;

    r = ctx->request;

    if (r->headers_in.authorization == NULL) {
        goto refuse;
    }

    value = r->headers_in.authorization->value;

    if (value.len > 7
        && ngx_strncasecmp(value.data, (u_char *) "Bearer ", 7) == 0)
    {
        value.data += 7;
        value.len -= 7;
    }

    found.expired_at = 0;

    ngx_http_portone_sandbox_zone_lock(ctx->zone);

    now = ngx_http_portone_sandbox_zone_now(ctx->zone,
                                            ctx->conf->clock_offset);

    for (i = 0; i < NGX_HTTP_PORTONE_SANDBOX_MAX_TOKENS; i++) {
        token = &ctx->zone->sh->tokens[i];

        if (token->expired_at > now
            && ngx_http_portone_sandbox_token_is(&value, token->token,
                                          NGX_HTTP_PORTONE_SANDBOX_TOKEN_LEN))
        {
            found = *token;
            break;
        }
    }

    ngx_http_portone_sandbox_zone_unlock(ctx->zone);

    if (found.expired_at == 0) {
        goto refuse;
    }

    ngx_http_portone_sandbox_args_header(r, "tier", &tier);

    if (!ngx_http_portone_sandbox_token_is(&tier, found.tier, found.tier_len))
    {
        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                      "portone sandbox: Tier \"%V\" is not the one the token "
                      "was issued for", &tier);

        ngx_http_portone_sandbox_respond_failure(ctx, NGX_HTTP_UNAUTHORIZED, -1,
                                        &ngx_http_portone_sandbox_wrong_tier);
        return NGX_DECLINED;
    }

    ctx->tier = tier;
    ctx->account.len = found.key_len;
    ctx->account.data = ngx_pnalloc(r->pool, found.key_len);

    if (ctx->account.data == NULL) {
        ctx->status = NGX_HTTP_INTERNAL_SERVER_ERROR;
        return NGX_DECLINED;
    }

    ngx_memcpy(ctx->account.data, found.key, found.key_len);

    return NGX_OK;

refuse:

    ngx_http_portone_sandbox_respond_failure(ctx, NGX_HTTP_UNAUTHORIZED, -1,
                                            &ngx_http_portone_sandbox_no_token);
    return NGX_DECLINED;
}
