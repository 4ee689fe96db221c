// The catalogue: Chinese first, English by ?lang=en.
import { en } from './words_en';
import { zh, type Key } from './words_zh';

export type { Key };
export type Language = 'zh' | 'en';
export type Values = Record<string, string | number>;

let chosen: Language = languageOf(typeof location === 'undefined' ? '' : location.search);

export function languageOf(search: string): Language {
  return new URLSearchParams(search).get('lang') === 'en' ? 'en' : 'zh';
}

export function setLanguage(language: Language): void { chosen = language; }
export const language = (): Language => chosen;

export function t(key: Key, values: Values = {}): string {
  const sentence: string = (chosen === 'en' ? en : zh)[key];
  return sentence.replace(/\{(\w+)\}/g, (whole, name: string) => (name in values ? String(values[name]) : whole));
}
