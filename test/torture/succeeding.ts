import { execute } from '../support/test-server.ts'
import { patiently } from './settling.ts'

/** Plays the node that succeeds a frozen hub at some of its jobs, to see that the hub, awake again, keeps its hands off them. */

/** Who held what when a hub froze: one number for each time. */
export type Leases = { url(): string; readonly time: number }
type Job = { readonly kind: string; readonly key: string }

/** No hub's claim has such a number: theirs have 48 bits. */
const FENCE = 2 ** 49

/** Lets the database write down whoever ends a job that such a successor holds. To be called before there is load. */
export const watchSuccessors = async (url: string): Promise<void> => {
  await execute(
    url,
    `create table ended_by_others (kind text, key text, fence bigint);
     create function note_end() returns trigger language plpgsql as $$ begin
       insert into public.ended_by_others values (old.kind, old.key, old.fence);
       return new;
     end $$;
     create trigger note_end after update on platform.job for each row
       when (old.fence > ${FENCE} and new.fence is distinct from old.fence) execute function public.note_end()`,
  )
}

/** How many runs of jobs are under way. */
export const underWay = async (url: () => string): Promise<number> =>
  (await patiently<Job>(url, 'select kind, key from platform.job where leased_until > now()')).length

let times = 0

/** Notes who holds what at this moment. */
export const noteLeases = async (url: () => string): Promise<Leases> => {
  const time = ++times
  await patiently(
    url,
    `create table if not exists frozen_${time} as
     select kind, key, fence, leased_until from platform.job where leased_until > now()`,
  )
  return { url, time }
}

/** Takes half of the jobs whose leases nobody has prolonged since, one at least; the others are for the hubs. Returns how many. */
export const succeed = async ({ url, time }: Leases): Promise<number> => {
  const taken = await patiently<Job>(
    url,
    `with left_alone as (
       select kind, key, row_number() over (order by kind, key) as place, count(*) over () as many
       from platform.job join frozen_${time} using (kind, key, fence, leased_until))
     update platform.job j set fence = ${FENCE + time}, moved = true, leased_until = now() + interval '1 hour'
     from left_alone l where j.kind = l.kind and j.key = l.key and l.place * 2 <= l.many + 1
     returning j.kind, j.key`,
  )
  return taken.length
}

/** Gives back what it holds. Returns what somebody else has ended meanwhile. */
export const handBack = async ({ url, time }: Leases): Promise<readonly Job[]> => {
  const ended = await patiently<Job>(url, `select kind, key from ended_by_others where fence = ${FENCE + time}`)
  await patiently(
    url,
    `update platform.job set fence = null, leased_until = null, moved = false where fence = ${FENCE + time}`,
  )
  return ended
}
