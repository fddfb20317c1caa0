use super::claims::{Authorization, Identity, IssueOptions, IssuedToken, TokenPair, TokenType};
use super::config::{AudienceCheck, IssuerCheck};
use super::keys::Key;
use super::payload::{EXT_BYTES_MAX, EXT_MEMBERS_MAX, MEMBERS, Outgoing};
use super::verify::{Inner, JwtManager, seconds};
use super::wire::{SEGMENT_BYTES_MAX, TOKEN_BYTES_MAX, encode};
use super::{JwtError, backend};
use crate::secret::{SecretBytes, SecretString};

const TOKEN_ID_BYTES: usize = 16;

impl JwtManager {
    /// An access and a refresh token, of the same instant and key. Rotates keys
    /// when that is due.
    ///
    /// # Errors
    /// [`JwtError::MissingSubject`]; [`JwtError::TokenTooLarge`];
    /// [`JwtError::KeyStore`] when keys should be read or rotated and cannot;
    /// [`JwtError::Entropy`].
    pub async fn issue_pair(
        &self,
        identity: &Identity,
        authorization: &Authorization,
    ) -> Result<TokenPair, JwtError> {
        check_subject(identity)?;
        let key = self.inner.signing_key().await?;
        let now = self.inner.now();
        let options = IssueOptions::default();
        let issue = |kind| {
            self.inner
                .issue(&key, now, kind, identity, authorization, &options)
        };
        let (access, refresh) = (issue(TokenType::Access)?, issue(TokenType::Refresh)?);
        Ok(TokenPair {
            access_token: access.token,
            refresh_token: refresh.token,
            expires_in: self.inner.config.access_ttl.as_secs(),
        })
    }

    /// One token, with a shorter lifetime or claims of the caller if wanted.
    /// Rotates keys when that is due.
    ///
    /// # Errors
    /// [`JwtError::Options`] for a lifetime above that of the type or claims
    /// that cannot be carried; and those of [`issue_pair`](Self::issue_pair).
    pub async fn issue(
        &self,
        kind: TokenType,
        identity: &Identity,
        authorization: &Authorization,
        options: IssueOptions,
    ) -> Result<IssuedToken, JwtError> {
        check_subject(identity)?;
        check_options(&options, seconds(self.inner.ttl(kind)))?;
        let key = self.inner.signing_key().await?;
        let now = self.inner.now();
        self.inner
            .issue(&key, now, kind, identity, authorization, &options)
    }
}

fn check_subject(identity: &Identity) -> Result<(), JwtError> {
    if identity.subject.is_empty() {
        Err(JwtError::MissingSubject)
    } else {
        Ok(())
    }
}

fn check_options(options: &IssueOptions, longest: i64) -> Result<(), JwtError> {
    if let Some(ttl) = options.ttl
        && !(1..=longest).contains(&seconds(ttl))
    {
        return Err(JwtError::Options(
            "`ttl` is at least one second and at most that of the type",
        ));
    }
    if options.ext.len() > EXT_MEMBERS_MAX {
        return Err(JwtError::Options("`ext` has more than 32 members"));
    }
    if options.ext.keys().any(|name| MEMBERS.contains(&&**name)) {
        return Err(JwtError::Options(
            "`ext` uses the name of a claim of the token",
        ));
    }
    match serde_json::to_vec(&options.ext) {
        Ok(json) if json.len() <= EXT_BYTES_MAX => Ok(()),
        _ => Err(JwtError::Options("`ext` is longer than 4 KiB")),
    }
}

impl Inner {
    fn issue(
        &self,
        key: &Key,
        now: i64,
        kind: TokenType,
        identity: &Identity,
        authorization: &Authorization,
        options: &IssueOptions,
    ) -> Result<IssuedToken, JwtError> {
        let token_id = SecretBytes::random(TOKEN_ID_BYTES).map_err(backend::entropy)?;
        let token_id = encode(token_id.expose());
        let ttl = options.ttl.unwrap_or_else(|| self.ttl(kind));
        let expires_at = now.saturating_add(seconds(ttl));
        let payload = Outgoing {
            issuer: match &self.config.issuer {
                IssuerCheck::Exactly(issuer) => Some(issuer),
                IssuerCheck::Disabled => None,
            },
            audience: match &self.config.audience {
                AudienceCheck::AnyOf(list) => list,
                AudienceCheck::Disabled => &[],
            },
            subject: &identity.subject,
            version: identity.version,
            issued_at: now,
            expires_at,
            token_id: &token_id,
            key_id: &key.id,
            token_type: kind,
            roles: &authorization.roles,
            permissions: &authorization.permissions,
            tenant_id: identity.tenant_id.as_deref(),
            ext: &options.ext,
        };
        let token = sign(key, &payload)?;
        Ok(IssuedToken {
            token,
            token_id,
            expires_at,
            key_id: key.id.clone(),
        })
    }
}

fn sign(key: &Key, payload: &Outgoing<'_>) -> Result<SecretString, JwtError> {
    let payload = serde_json::to_vec(payload).map_err(|_| JwtError::TokenTooLarge)?;
    let payload = encode(payload);
    if payload.len() > SEGMENT_BYTES_MAX {
        return Err(JwtError::TokenTooLarge);
    }
    let signed = [key.header(), ".", &payload].concat();
    let signature = key.sign(signed.as_bytes());
    let signature = signature.ok_or_else(|| JwtError::CorruptKey {
        kid: key.id.clone(),
    })?;
    let token = [&signed, ".", &encode(signature)].concat();
    if token.len() > TOKEN_BYTES_MAX {
        return Err(JwtError::TokenTooLarge);
    }
    Ok(SecretString::from(token))
}
