const TEXT = 'SFATAL\0C28P01\0Mpassword authentication failed for user "hub"\0\0'
const HEAD = Buffer.from('E\0\0\0\0')
HEAD.writeInt32BE(TEXT.length + 4, 1)

/** What a PostgreSQL answers to a wrong password: an ErrorResponse (PostgreSQL, "Message Formats") with SQLSTATE 28P01. */
export const WRONG_PASSWORD = Buffer.concat([HEAD, Buffer.from(TEXT)])
