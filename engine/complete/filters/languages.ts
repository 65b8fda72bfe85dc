// Kinds of languages, by VS Code's ids, as far as filters treat them differently.

const PROSE =
  /^(?:markdown|mdx|rmd|quarto|plaintext|latex|tex|doctex|bibtex|restructuredtext|asciidoc|org|textile|typst|git-commit|scminput|wikitext|log|prompt|instructions|chatagent|search-result|csv|tsv|todo|srt|fountain|juliamarkdown|jupyter-markdown)$/;
const MARKUP =
  /^(?:html|xhtml|xml|xsl|svg|vue|vue-html|svelte|astro|razor|aspnetcorerazor|cshtml|handlebars|mustache|glimmer.*|erb|html\.erb|ejs|django-html|jinja.*|twig|liquid|blade|nunjucks|gohtml|gotmpl|haml|pug|jade|slim|php|marko|angular|ng-template|dita|docbook|fluent)$/;
const TEMPLATE = /jinja|twig|liquid|mustache|handlebars|gotmpl|django|nunjucks|erb|ejs/;
// Statements that are sentences.
const SENTENCES =
  /^(?:feature|gherkin|cucumber|applescript|cobol|robotframework|inform7|hypertalk|rockstar)$/;
// Statements that may read as sentences do, or values that need no quotes.
const WORDY =
  /^(?:sql|plsql|pgsql|mysql|abap|yaml|dockercompose|github-actions-workflow|ansible|toml|ini|properties|dotenv|editorconfig|dockerfile|mermaid|plantuml|ledger|git-rebase|gitignore|ignore|vb|vba|basic|fortran.*|rst|po|diff|hosts|ssh_config|nginx|apacheconf|shellscript|fish|bat|ruby|perl|smalltalk)$/;

// Commands, and calls that are written as these are: words side by side, and no sentences with their marks.
const COMMANDS = /^(?:shellscript|fish|bat|powershell|ruby|perl|dockerfile)$/;

const YAML = /^(?:yaml|dockercompose|github-actions-workflow|azure-pipelines|ansible|home-assistant|helm)$/;

/** Whether white space at a line's start may be spaces only. */
export const isYaml = (languageId = ""): boolean => YAML.test(languageId);

/** Whether a document is words, or may be anywhere. */
export const isProseLanguage = (languageId = ""): boolean => PROSE.test(languageId);

/** Whether text between tags is words. */
export const isMarkupLanguage = (languageId = ""): boolean => MARKUP.test(languageId);

/** Whether a document is the pattern of a text. */
export const isTemplateLanguage = (languageId = ""): boolean => TEMPLATE.test(languageId);

/** Whether code of the language is sentences. */
export const isSentenceLanguage = (languageId = ""): boolean => SENTENCES.test(languageId);

/** Whether words side by side are a command of the language. */
export const isCommandLanguage = (languageId = ""): boolean => COMMANDS.test(languageId);

/** Whether code of the language may read as a sentence does. */
export const isWordyLanguage = (languageId = ""): boolean => WORDY.test(languageId);
