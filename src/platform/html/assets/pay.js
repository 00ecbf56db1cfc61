// Everything works without this file. It posts the form that leads to the bank, watches a payment that is being processed,
// moves to the error summary, and offers to print.

{
  // A payer who comes back from the bank by the browser's own button must not be thrown there again.
  const [visit] = performance.getEntriesByType('navigation')
  const way = document.querySelector('[data-leads-on]')
  if (way && visit?.type !== 'back_forward') {
    // A bank's field may be called "submit" and hide the form's own.
    if (way instanceof HTMLFormElement) HTMLFormElement.prototype.submit.call(way)
    else location.assign(way.querySelector('a').href)
  }

  document.querySelector('[data-focus]')?.focus()

  for (const button of document.querySelectorAll('button[data-print]')) {
    button.hidden = false
    button.addEventListener('click', () => print())
  }

  // Looks every few seconds whether the page would now be another one, and only then loads it: nothing moves under a reader meanwhile.
  const watched = document.querySelector('main[data-watch]')
  const LONGEST_WAIT_MS = 30_000
  const look = async (waitMs) => {
    try {
      const answer = await fetch(watched.dataset.watch, { headers: { accept: 'text/html' } })
      const page = new DOMParser().parseFromString(await answer.text(), 'text/html').querySelector('main')
      if (answer.ok && page?.dataset.page !== watched.dataset.page) return location.replace(watched.dataset.watch)
    } catch {
      // Away from the network for a moment: the next look tells.
    }
    wait(Math.min(waitMs * 1.3, LONGEST_WAIT_MS))
  }
  const wait = (waitMs) => setTimeout(look, waitMs, waitMs)
  if (watched) wait(3_000)
}
