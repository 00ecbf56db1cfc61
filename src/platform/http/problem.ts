/** RFC 9457 problem details: `code` is stable and for programs, `detail` tells a person what to do. */
export type Problem = {
  readonly status: number
  readonly code: string
  readonly title: string
  readonly detail: string
  readonly errors?: readonly { readonly path: string; readonly message: string }[]
  /** Further members, such as the other payment's id. */
  readonly more?: Readonly<Record<string, unknown>>
  readonly headers?: Readonly<Record<string, string>>
}

export const problemBody = (problem: Problem): Readonly<Record<string, unknown>> => ({
  type: `urn:ebizness:problem:${problem.code}`,
  title: problem.title,
  status: problem.status,
  code: problem.code,
  detail: problem.detail,
  ...(problem.errors ? { errors: problem.errors } : {}),
  ...problem.more,
})

export const problemResponse = (problem: Problem): Response =>
  new Response(JSON.stringify(problemBody(problem)), {
    status: problem.status,
    headers: { 'content-type': 'application/problem+json', 'cache-control': 'no-store', ...problem.headers },
  })

type Issue = {
  readonly path: readonly PropertyKey[]
  readonly message: string
  readonly code?: string
  readonly keys?: readonly string[]
}

/** What a schema found wrong, each with the path of its field (`payer.email`, `channels.0`). */
export const invalidFields = (issues: readonly Issue[]): Problem => ({
  status: 422,
  code: 'invalid_fields',
  title: 'Some fields are not right',
  detail: 'Correct the fields named in errors and send the request again, a POST with a new Idempotency-Key.',
  errors: issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys' && issue.keys
      ? issue.keys.map((key) => ({
          path: [...issue.path, key].map(String).join('.'),
          message: 'There is no such field.',
        }))
      : [{ path: issue.path.map(String).join('.'), message: issue.message }],
  ),
})
