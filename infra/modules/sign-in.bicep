metadata description = 'Who may come in: people sign in with Entra ID before the app sees them; only probes and what is a credential itself pass by.'

@description('Required. Name of the app.')
param appName string

@description('Required. Client id of the app registration that people sign in with. It trusts the identity of the app: see docs/deployment.md.')
@minLength(36)
@maxLength(36)
param entraClientId string

type withoutSignIn = 'RedirectToLoginPage' | 'Return401' | 'AllowAnonymous'

@description('Optional. What becomes of a request that proves nobody. AllowAnonymous leaves it to the app, for programs that have a function key and no token.')
param unauthenticated withoutSignIn = 'RedirectToLoginPage'

// What is reached without signing in: probes, links that are credentials themselves, what pages need, and providers, who sign.
var publicPaths = [
  '/api/health/live'
  '/api/health/ready'
  '/api/approvals/links/*'
  '/api/assets/*'
  '/api/webhooks/*'
]

resource site 'Microsoft.Web/sites@2025-03-01' existing = {
  name: appName
}

resource signIn 'Microsoft.Web/sites/config@2025-03-01' = {
  parent: site
  name: 'authsettingsV2'
  properties: {
    platform: {
      enabled: true
      runtimeVersion: '~1'
    }
    globalValidation: {
      requireAuthentication: unauthenticated != 'AllowAnonymous'
      unauthenticatedClientAction: unauthenticated
      redirectToProvider: 'azureactivedirectory'
      excludedPaths: publicPaths
    }
    httpSettings: {
      requireHttps: true
    }
    identityProviders: {
      azureActiveDirectory: {
        enabled: true
        registration: {
          clientId: entraClientId
          openIdIssuer: '${environment().authentication.loginEndpoint}${tenant().tenantId}/v2.0'
          clientSecretSettingName: 'OVERRIDE_USE_MI_FIC_ASSERTION_CLIENTID'
        }
        validation: {
          allowedAudiences: [
            'api://${entraClientId}'
            entraClientId
          ]
        }
      }
    }
    login: {
      cookieExpiration: {
        convention: 'FixedTime'
        timeToExpiration: '08:00:00'
      }
      nonce: {
        validateNonce: true
        nonceExpirationInterval: '00:05:00'
      }
      tokenStore: {
        enabled: false
      }
    }
  }
}
