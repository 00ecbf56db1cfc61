/** Every `code` of the API's problems: programs decide by it, so it never changes its meaning. A test holds the list against the code that answers. */
export const PROBLEM_CODES = {
  malformed_json: { status: 400, means: 'The body is not well-formed JSON in UTF-8.' },
  idempotency_key_missing: { status: 400, means: 'A POST came without an Idempotency-Key.' },
  unauthorised: { status: 401, means: 'The key is missing, unknown or revoked.' },
  wrong_mode: { status: 401, means: 'A test key came to a live hub, or a live key to a test hub.' },
  not_found: { status: 404, means: 'This e-service has nothing under that id.' },
  no_such_address: { status: 404, means: 'The API has no such address.' },
  request_in_progress: {
    status: 409,
    means: 'The first request with this Idempotency-Key is still running: repeat it a little later.',
  },
  reference_in_use: {
    status: 409,
    means: 'A payment with this reference is executed or can still be; payment names it.',
  },
  already_final: { status: 409, means: 'The payment has ended and cannot be cancelled.' },
  not_paid: { status: 409, means: 'Nothing was paid, so nothing can go back and no receipt can be given.' },
  exceeds_paid: { status: 409, means: 'More was asked back than can still go back.' },
  too_many_refunds: { status: 409, means: 'The payment has as many refunds as it can have.' },
  no_notice_address: { status: 409, means: 'The e-service has no address to send the notice to.' },
  too_large: { status: 413, means: 'The body is too large.' },
  not_json: { status: 415, means: 'The body’s Content-Type is not application/json.' },
  invalid_fields: { status: 422, means: 'Fields are wrong; errors names each.' },
  idempotency_key_reused: { status: 422, means: 'The Idempotency-Key was used with another body.' },
  return_url_not_registered: { status: 422, means: 'returnUrl is on no origin of the e-service.' },
  unknown_payee: { status: 422, means: 'The merchant has no such account.' },
  unknown_offer: { status: 422, means: 'There is no such offer for this order.' },
  agreement_not_valid: { status: 422, means: 'The agreement behind the offer is not valid today.' },
  amount_out_of_limits: { status: 422, means: 'No offer takes this amount.' },
  expiry_out_of_range: { status: 422, means: 'expiresAt is past, or too far ahead.' },
  language_not_offered: { status: 422, means: 'The e-service does not speak this language.' },
  attempt_needed: { status: 422, means: 'Several attempts were paid: name the one, or give an amount.' },
  unknown_attempt: { status: 422, means: 'The payment has no such attempt.' },
  too_many_requests: { status: 429, means: 'Wait as long as Retry-After says.' },
  fault: { status: 500, means: 'The hub broke down; repeat the request with the same Idempotency-Key.' },
  unavailable: {
    status: 503,
    means: 'The hub cannot reach its database, or is too busy; repeat the request with the same Idempotency-Key.',
  },
} as const satisfies Readonly<Record<string, ProblemCode>>

export type ProblemCode = { readonly status: number; readonly means: string }
