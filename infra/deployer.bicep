metadata description = 'Once, by a person: the identity that the pipeline deploys as. GitHub vouches for it, so there is no secret; each environment has its own.'

targetScope = 'subscription'

@description('Required. Name of the environment, as in main.bicep and as the environment is called in GitHub.')
@minLength(1)
@maxLength(20)
param environmentName string

@description('Required. Region.')
param location string

@description('Required. Repository that deploys, as owner/name.')
param repository string

resource group 'Microsoft.Resources/resourceGroups@2025-04-01' = {
  name: 'rg-${environmentName}-deployer'
  location: location
}

module identity 'modules/deployer-identity.bicep' = {
  name: 'deployer-identity'
  scope: group
  params: {
    name: 'id-${environmentName}-deployer'
    location: location
    subject: 'repo:${repository}:environment:${environmentName}'
  }
}

// Contributor: makes resources. It cannot give roles; the next assignment lets it give the app's, and no others.
var contributor = subscriptionResourceId('Microsoft.Authorization/roleDefinitions', 'b24988ac-6180-42a0-ab88-20f7382dd24c')
var accessAdministrator = subscriptionResourceId('Microsoft.Authorization/roleDefinitions', 'f58310d9-a9f6-439a-9e8d-f62e7b41a168')

// What modules/ assigns; a test holds this list against them.
var assignableRoles = [
  'b7e6dc6d-f1e8-4753-8033-0f276bb0955b' // Storage Blob Data Owner
  'ba92f5b4-2d11-453d-a403-e96b0029c9fe' // Storage Blob Data Contributor
  '974c5e8b-45b9-4653-ba55-5f855dd0fb88' // Storage Queue Data Contributor
  '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3' // Storage Table Data Contributor
  '3913510d-42f4-4e42-8a64-420c390055eb' // Monitoring Metrics Publisher
  '4633458b-17de-408a-b875-0445c86b69e6' // Key Vault Secrets User
  '0ad04412-c4d5-4796-b79c-f76d14c8d402' // Durable Task Data Contributor
]
var roleList = join(assignableRoles, ', ')

resource makesResources 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(subscription().id, environmentName, contributor)
  properties: {
    roleDefinitionId: contributor
    principalId: identity.outputs.principalId
    principalType: 'ServicePrincipal'
    description: 'The pipeline makes and changes resources.'
  }
}

resource givesRoles 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(subscription().id, environmentName, accessAdministrator)
  properties: {
    roleDefinitionId: accessAdministrator
    principalId: identity.outputs.principalId
    principalType: 'ServicePrincipal'
    description: 'The pipeline gives the app its roles and can give nobody any other.'
    conditionVersion: '2.0'
    condition: '((!(ActionMatches{\'Microsoft.Authorization/roleAssignments/write\'})) OR (@Request[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {${roleList}} AND @Request[Microsoft.Authorization/roleAssignments:PrincipalType] ForAnyOfAnyValues:StringEqualsIgnoreCase {\'ServicePrincipal\'})) AND ((!(ActionMatches{\'Microsoft.Authorization/roleAssignments/delete\'})) OR (@Resource[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {${roleList}}))'
  }
}

@description('Goes into the environment of the repository as AZURE_CLIENT_ID.')
output AZURE_CLIENT_ID string = identity.outputs.clientId

@description('Goes into the environment of the repository as AZURE_TENANT_ID.')
output AZURE_TENANT_ID string = tenant().tenantId

@description('Goes into the environment of the repository as AZURE_SUBSCRIPTION_ID.')
output AZURE_SUBSCRIPTION_ID string = subscription().subscriptionId
