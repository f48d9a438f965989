metadata description = 'The identity of a pipeline, and the one place that may speak for it: an environment of a repository.'

@description('Required. Name of the identity.')
param name string

@description('Required. Region.')
param location string

@description('Required. Whom GitHub has to vouch for: repo:OWNER/NAME:environment:NAME.')
param subject string

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: name
  location: location
}

resource trust 'Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials@2024-11-30' = {
  parent: identity
  name: 'github'
  properties: {
    issuer: 'https://token.actions.githubusercontent.com'
    subject: subject
    audiences: ['api://AzureADTokenExchange']
  }
}

@description('What the pipeline signs in with.')
output clientId string = identity.properties.clientId

@description('What roles are assigned to.')
output principalId string = identity.properties.principalId
