import { writeFileSync } from 'node:fs';
import { PAGE_FILE, securityPage } from './page';

writeFileSync(PAGE_FILE, securityPage());
