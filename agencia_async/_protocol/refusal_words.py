"""What the words of error texts mean, in English and in the keys of texts.

Each concept has its phrases, as `refusal_text.normalized` spells them; a star stands for any ending. A longer
phrase comes before a shorter one, so "unknown error" is not something unknown. A text is about *subjects*
(`key`, `service`, `order` ...) and says of them what *predicates* mean (`wrong`, `unknown`, `off` ...). The
other languages have modules of their own; the rules are the same for all.
"""

from collections.abc import Mapping

Words = Mapping[str, str]
"""The phrases of each concept, separated by commas."""

ENGLISH: Words = {
    # --- subjects
    "key": "api key*, apikey*, api token*, apitoken, key, token, access key, secret key, credential*",
    "account": "account*, acount, reseller",
    "user": "user, users, customer, member",
    "api": "api",
    "ip": "ip, ip address*",
    "email": "email, e mail, mail",
    "funds": "fund, funds, balance, money, credit, credits, wallet, cash",
    "topup": "top up, topup, top it up, recharge, add fund*, add balance, add money, add credit*"
    ", add more fund*, add some fund*, add more balance, deposit*, payment required, pay first",
    "service": "service, services, serviceid*, package, packages, product, products, category",
    "link": "link, links, url, urls, username, usernames, user name, profile, profiles, post, media, photo"
    ", video, videos, website, domain, platform, social network, permalink, handle, reel, tweet, story"
    ", livestream, live, stream",
    "field": "quantity, quantities, amount, comment, comments, hashtag*, mention*, runs, interval"
    ", keyword*, answer number, answer, poll, expiry, delay, posts, old posts, country, device, traffic"
    ", groups, drip feed*, dripfeed*, drip, schedul*, start time, start date, date, emoji*, reaction*"
    ", gender, character*, batch, line, lines, referrer, referring url, google keyword, likes, followers"
    ", views",
    "blank": "field*, parameter*, param*, argument*, value, values, format",
    "order": "order, orders, ordered, purchase*, bought",
    "ordering": "ordering, new order, new orders, order placement, placement of orders",
    "id": "id, ids, number, numbers",
    "refill": "refill*, re fill, warranty, guarantee, replacement, drop, drops, dropped",
    "cancel": "cancel*",
    "requests": "requests, calls, attempts, queries, hits, tries, logins, logon attempts",
    "request": "request, requested, call, attempt, query, ticket",
    "action": "action*, method*, command*, operation*, function*, endpoint, route, feature*, version",
    "provider": "provider*, supplier*, upstream, vendor*, third party, our source",
    # --- whose, and which
    "foreign": "instagram, insta, ig, facebook, fb, tiktok, tik tok, twitter, youtube, you tube, telegram"
    ", spotify, threads, linkedin, snapchat, pinterest, reddit, discord, twitch, vk, target, targeted"
    ", channel, group, social",
    "for": "for, to, on, in, of, from, with, by, at, under, towards",
    "this": "this, that, these, those",
    "your": "your",
    "you": "you",
    "neworder": "neworder, new order error, order error",
    # --- predicates
    "wrong": "invalid*, incorrect*, wrong, bad, malformed, mismatch*, illegal, broken, unrecogni*"
    ", unacceptable, not match, does not match, doesn t match, unreadable, mistyped, different"
    ", another platform, other platform, another service, another type",
    "missing": "missing, required, requires, require, empty, blank, mandatory, absent, needed, omitted",
    "enter": "enter, provide, specify, choose, select, give, insert, supply, fill in, fill out",
    "unknown": "unknown, nonexist*, non exist*, no such, deleted, removed, no longer exist*"
    ", unable to find, unable to locate, undefined",
    "off": "disable*, deactivat*, unavailable, unsupported, switched off, turned off, turned it off, off"
    ", stopped, paused, prohibited, forbidden, closed, out of stock, discontinued, retired, unable to use"
    ", on pause, halted, no longer offered, no longer available, no longer sold",
    "barred": "banned, suspend*, block*, terminated, frozen, restricted, blacklist*, locked, revoked"
    ", barred, limited access",
    "pending": "pending, awaiting, under review, in review, being reviewed, approval, moderation, verify"
    ", verification, unverified, unapproved, unconfirmed, activate, confirm, confirmation",
    "inactive": "inactive, unactive, dormant",
    "ended": "expired, expires, ended, is over, elapsed, passed, window, deadline, too late, too old"
    ", has run out",
    "many": "too many, too much, so many",
    "limit": "limit, limits, limited, exceed*, quota, reached, over the limit, capped, cap, number of",
    "rate": "rate limit*, ratelimit*, rate exceeded, api rate, throttl*, too fast, too quick*, too often"
    ", too frequent*, slow down, flood*, quota exceeded, api limit, api quota, request limit, frequen*"
    ", rapid*",
    "bound": "minimum*, maximum*, minimal, maximal, min, max, at least, at most, up to, no more than"
    ", no less than, more than, less than, greater, fewer, lower than, higher than, smaller, larger"
    ", bigger, below, above, between 1 and, too small, too large, too big, too long, too short, too high"
    ", must be, must to be, must contain, must have, must not, must match, should be, has to be"
    ", have to be, out of range, range, longer, shorter, multiple of, only digits, not allowed in"
    ", can only be, may not be",
    "per": "per, every, each, once, between, interval between, time between, delay between, pause between",
    "pace": "a minute, an hour, a day, a second, a week",
    "period": "second*, sec, secs, minute*, mins, hour*, hrs, hr, day, days, daily, hourly, week*, month*"
    ", today, moment",
    "wait": "wait, hold on, retry after, retry in, try again in, try again after, again in, again after"
    ", again only, come back",
    "recent": "ago, recently, just, moments ago, earlier",
    "already": "already, still",
    "only": "only, exclusively",
    "same": "same, identical, twice, repeated, similar, another order",
    "duplicate": "duplicat*, dublicat*, dup",
    "active": "active, activated, open, opened, ongoing, running, in progress, inprogress, in process"
    ", unfinished, uncompleted, queued, in queue, in the queue",
    "lacking": "insufficient*, unsufficient*, lack*, inadequate, short, exhausted, ran out, out of",
    "low": "low, too low, too little, negative, zero",
    "cannot": "cannot, can not, cant, unable, impossible, could not, couldnt",
    "done": "complete*, finish*, done, delivered, sent, started, forwarded, refunded, fulfilled, submitted"
    ", final, in a final state",
    "eligible": "eligible, qualif*, entitled, applicable",
    "success": "success*, thank, thanks",
    "private": "private, privacy, age restricted, hidden",
    "public": "public",
    "maintenance": "maintenance, under construction, being upgraded, updating our",
    "denied": "access denied, unauthori*, unauthenticated, authentication fail*, authentication required"
    ", authentication error, not authenticated, log in, login, sign in, authenticate, auth fail*"
    ", auth error, auth required",
    "reused": "was used for another, already used for another, reused, used for a different",
    # --- what may be denied, and denials
    "found": "found, belong*, exist, exist*, find, locate*, recogni*, know, known",
    "valid": "valid, correct, right, proper, acceptable",
    "able": "available, allow*, support*, enabled, possible, permit*, offer*, accept*, accessible, access"
    ", work*, operational, orderable, include*, have permission, permission, whitelist*, allowlist*"
    ", refillable, cancelable, cancellable, yours",
    "enough": "enough, sufficient*",
    "given": "given, provided, specified, set, present, supplied, defined",
    "verified": "verified, approved, confirmed",
    "authorised": "authori*, authenticated",
    "not": "not, no, never, nor, neither, dont, doesnt, isnt, arent, wasnt, hasnt, havent, without, non, nt",
    # --- a failing server
    "fault": "error*, unsuccess*, fail*, problem*, issue, issues, trouble*, fault",
    "happen": "occur*, happen*, while, during, encounter*, experienc*, processing, placing, creating"
    ", handling, saving",
    "system": "server, system, internal*, database, network, connection, technical, backend, unexpected"
    ", unhandled, temporary, script",
    "doing": "process, processed, place, placed, create, created, creation, placement, save, saved"
    ", execute*, insert*, perform*, establish*, connect, load, fetch, retrieve, update, proceed"
    ", submission, complete the, complete your, complete this",
    "failure": "something went wrong, something wrong, something is wrong, went wrong, try again later"
    ", please try again, try again, try later, retry later, please retry, again later, at a later time"
    ", later, internal error, internal server error, server error, system error, unexpected error"
    ", unknown error, unhandled error, database error, network error, connection error, technical error"
    ", technical issue*, technical problem*, technical difficult*, timed out, time out, timeout*"
    ", time d out, oops, whoops, bad gateway, gateway error, gateway time*, temporary error"
    ", temporary problem*, busy, overload*, there was an error, there was a problem, there is a problem"
    ", there has been an error, an error has, error in processing, no response, did not respond, is down"
    ", went down, crashed, client closed*, connection closed, aborted, error 50*, error 52*"
    ", http 50*, http 52*, code 50*",
    "crash": "sqlstate*, exception*, traceback, stack trace, undefined index, undefined variable"
    ", undefined array, undefined offset, undefined property, undefined method, undefined function"
    ", undefined constant, call to, on line, at line, syntax error, deadlock*, lock wait, duplicate entry"
    ", unknown column, column not found, base table, uncaught*, fatal error, parse error, curl error"
    ", econnrefused, etimedout, econnreset, connection refused, connection reset, too many connections"
    ", cannot read propert*, trying to get property, trying to access array, attempt to read property"
    ", nullpointer*, null pointer, segmentation, mysql*, pdo*, out of memory, memory size of"
    ", maximum execution time, division by zero, integrity constraint, typeerror, referenceerror"
    ", valueerror, keyerror, queryexception, object reference, stream socket*",
}
