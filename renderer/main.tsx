import './lib/no-eval.ts';
import './ui/theme.css';
import { boot } from './app/boot.tsx';

void boot(<p>soon</p>);
