import type { Command } from 'commander'
import { ends, examples, groupOf, JSON_OUT } from './register.ts'

const receipts = () => import('./receipt.ts')

export const registerReceipts = (program: Command): void => {
  groupOf(program, 'receipt', 'signed receipts of payments')
    .command('verify')
    .description('whether a receipt is genuine: 0 it is, 1 it is not, 2 bad input; needs no database')
    .argument('<file>', 'the receipt as it was kept, JSON')
    .option('--jwks <file|url>', 'keys of the hub that signed it; else those of EBIZNESS_PUBLIC_URL')
    .option(...JSON_OUT)
    .addHelpText(
      'after',
      examples(
        'ebizness receipt verify receipt-4F8K-Q2M7.json --jwks jwks.json',
        'ebizness receipt verify receipt-4F8K-Q2M7.json \\',
        '  --jwks https://pay.example/.well-known/jwks.json',
      ),
    )
    .action(ends(receipts, (commands) => commands.verifyReceiptFile))
  groupOf(program, 'receipt', 'signed receipts of payments')
    .command('make')
    .description('the receipt of a payment as it stands, signed; for a payer who lost it')
    .argument('<payment>', 'pay_…')
    .option('--to <file>', 'write it there, over nothing: .pdf for people, .json signed')
    .option('--language <code>', 'of the PDF; else that of the payment')
    .addHelpText(
      'after',
      examples(
        'ebizness receipt make pay_01jd8x5m4t7q2v9w3y6z0a1b2c > receipt.json',
        'ebizness receipt make pay_01jd8x5m4t7q2v9w3y6z0a1b2c --to receipt.pdf',
      ),
    )
    .action(ends(receipts, (commands) => commands.makeReceipt))
  groupOf(program, 'keys', 'keys of e-services')
    .command('withdraw')
    .description('take a stolen signing key out: no receipt signed by it is genuine any more')
    .argument('<kid>', 'as in /.well-known/jwks.json')
    .option(...JSON_OUT)
    .addHelpText('after', examples('ebizness keys withdraw Zk3vB0y1mJ9qXw2L'))
    .action(ends(receipts, (commands) => commands.withdrawKey))
}
