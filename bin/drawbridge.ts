import { main } from '../cli/main';
import { version } from '../package.json';

void main(version);
