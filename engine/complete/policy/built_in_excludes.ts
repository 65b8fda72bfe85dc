// Files that hold secrets by convention, in the syntax of `.gitignore` and with braces. A pattern without a slash is a name in
// any folder; it covers what lies in a folder of that name. A pattern on a folder ends in `/**`, so that a single file in it
// can be taken back. Only names that are rarely code: `secrets.py` and `environment.ts` are not among them.
export const BUILT_IN_EXCLUDES: readonly string[] = [
  // Environments
  ".env*",
  "*.env",
  "*.env.local",
  ".flaskenv",
  ".dev.vars*",
  ".Renviron*",
  "**/.direnv/**",
  // Names that say it
  "**/secrets/**",
  ".secret*",
  "*.secret",
  "*.secrets",
  "secret{,s}.{yml,yaml,json,jsonc,toml,ini,xml,properties,conf,cfg,txt,csv,hcl}",
  "secret{,s}.*.{yml,yaml,json,toml,properties,xml}",
  "*[-_.]secret{,s}.{yml,yaml,json,toml,properties}",
  "{,*[-_.]}credentials.{json,yml,yaml,toml,ini,xml,properties,txt,csv}",
  "client_secret*.json",
  "*service{-,_,}account*.json",
  "*firebase-adminsdk*.json",
  "password{,s}.{txt,csv,json,yml,yaml,toml}",
  "{*_,}accessKeys.csv",
  // Keys and certificates with their keys
  "*.{pem,key,p12,pfx,pkcs12,p8,pk8,pvk,ppk}",
  "*.{jks,bks,keystore,keytab,keychain,keychain-db,kdb,kdbx}",
  "*.{ovpn,mobileprovision,gpg,token}",
  "id_{rsa,dsa,ecdsa,ed25519}*",
  "secring.*",
  // Folders of programs that keep credentials
  "**/.{ssh,gnupg,aws,kube,oci,password-store}/**",
  "**/.azure/*.json",
  "**/.config/gcloud/**",
  "**/.config/gh/hosts.yml",
  "**/.docker/config.json",
  "**/.cargo/credentials*",
  "**/.gem/credentials",
  "**/.m2/settings*.xml",
  "**/.gradle/gradle.properties",
  "**/.terraform.d/credentials.tfrc.json",
  "**/huggingface/{token,stored_tokens}",
  "**/.git/config",
  "**/.vscode/sftp.json",
  // Files of programs that keep credentials
  ".{npmrc,yarnrc,yarnrc.yml,pypirc,netrc,git-credentials,gitcookies,curlrc,wgetrc,msmtprc,fetchmailrc}",
  "{_netrc,kaggle.json,application_default_credentials.json,local.settings.json,wp-config.php}",
  "{.,}htpasswd",
  ".credentials*",
  "{auth.json,google-services.json,GoogleService-Info.plist}",
  ".{pgpass,my.cnf,mylogin.cnf,rediscli_auth,s3cfg,boto,databrickscfg,ftpconfig,dockercfg,dockerconfigjson}",
  "pgpass.conf",
  ".erlang.cookie",
  "{,*[-_.]}kubeconfig{,.yml,.yaml,.json}",
  "*.{tfvars,tfvars.json,tfstate}",
  "*.tfstate.*",
  "{.terraformrc,terraform.rc}",
  ".vault*",
  "*vault[-_.]pass*",
  "*.vault",
  "vault.{yml,yaml}",
  ".*_history",
];

/** Language ids of such files, whatever their name. */
export const SECRET_LANGUAGES: ReadonlySet<string> = new Set(["dotenv", "env", "terraform-vars"]);
