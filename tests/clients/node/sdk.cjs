// Meta's SDK for Node, unchanged but for the host. Reads {graph, token, user_token, business, account} from standard input; prints what each step
// answered as one JSON object.
'use strict';
const {readFileSync} = require('node:fs');
const sdk = require('facebook-nodejs-business-sdk');

const given = JSON.parse(readFileSync(0, 'utf8'));
// The host is a read-only property of the class: this is how its users exchange it.
Object.defineProperty(sdk.FacebookAdsApi, 'GRAPH', {get: () => given.graph});

async function refused(call) {
  try {
    await call();
  } catch (error) {
    return {name: error.name, status: error.status, message: error.message, code: error.response.code, subcode: error.response.error_subcode};
  }
  throw new Error('was not refused');
}

async function main() {
  const shown = {};
  const person = sdk.FacebookAdsApi.init(given.user_token, 'en_US', false);
  shown.app = (await person.getAppID()).data.data;

  const mine = await new sdk.User('me').getBusinesses(['name']);
  shown.businesses = mine.map((row) => [row.id, row.name]);

  sdk.FacebookAdsApi.init(given.token, 'en_US', false);
  const business = new sdk.Business(given.business);
  const made = await business.createSystemUser(['name'], {name: 'node', role: 'EMPLOYEE'});
  shown.made = (await new sdk.SystemUser(made.id).get(['name'])).name;

  const account = new sdk.AdAccount(given.account);
  await account.createAssignedUser([], {user: made.id, tasks: ['ANALYZE']});
  const holders = await account.getAssignedUsers(['name', 'tasks'], {business: given.business});
  shown.assigned = holders.map((row) => [row.name, row.tasks]);
  const seen = await new sdk.SystemUser(made.id).getAssignedAdAccounts(['name']);
  shown.accounts = seen.map((row) => row.name);
  await account.deleteAssignedUsers({user: made.id});
  shown.left = (await account.getAssignedUsers(['name'], {business: given.business})).map((row) => row.name);

  shown.pages = [];
  let page = await business.getSystemUsers(['name'], {limit: 1});
  for (;;) {
    shown.pages.push(page.map((row) => row.name));
    if (!page.hasNext()) break;
    page = await page.next();
  }
  shown.full = await refused(() => business.createSystemUser([], {name: 'too many', role: 'EMPLOYEE'}));
  shown.gone = await refused(() => new sdk.SystemUser('999').get(['name']));
  process.stdout.write(JSON.stringify(shown));
}

main().catch((error) => {
  console.error(error.message, JSON.stringify(error.response?.data ?? error.response ?? null));
  process.exit(1);
});
