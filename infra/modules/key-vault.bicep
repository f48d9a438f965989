metadata description = 'The vault for what cannot be an identity. Its values are put in by people and never stand in a template.'

@description('Required. Name of the vault, unique in the world.')
@minLength(3)
@maxLength(24)
param name string

@description('Required. Region.')
param location string

@description('Required. Tags.')
param tags object

@description('Required. Principal that reads secrets: the app.')
param readerPrincipalId string

@description('Optional. Subnet of the private endpoint; without one the vault is reached publicly, with Entra tokens only.')
param endpointsSubnetId string = ''

@description('Optional. Private DNS zones by service, where there is a subnet.')
param zoneIds object = {}

@description('Required. Workspace that logs go to.')
param workspaceId string

@description('Required. Whether a lock keeps the vault from being deleted.')
param deleteLock bool

var isPrivate = !empty(endpointsSubnetId)
var publicAccess = isPrivate ? 'Disabled' : 'Enabled'
var elsewhere = isPrivate ? 'Deny' : 'Allow'

// Key Vault Secrets User: reads values; lists, writes and deletes nothing.
var readerRole = subscriptionResourceId('Microsoft.Authorization/roleDefinitions', '4633458b-17de-408a-b875-0445c86b69e6')

resource vault 'Microsoft.KeyVault/vaults@2026-02-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    tenantId: tenant().tenantId
    sku: {
      family: 'A'
      name: 'standard'
    }
    enableRbacAuthorization: true
    enableSoftDelete: true
    softDeleteRetentionInDays: 90
    enablePurgeProtection: true
    publicNetworkAccess: publicAccess
    networkAcls: {
      bypass: 'None'
      defaultAction: elsewhere
    }
  }
}

resource reader 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(vault.id, readerPrincipalId, readerRole)
  scope: vault
  properties: {
    roleDefinitionId: readerRole
    principalId: readerPrincipalId
    principalType: 'ServicePrincipal'
    description: 'The app resolves its Key Vault references.'
  }
}

module endpoint 'private-endpoint.bicep' = if (isPrivate) {
  name: '${name}-endpoint'
  params: {
    name: '${name}-pe'
    location: location
    tags: tags
    serviceId: vault.id
    groupId: 'vault'
    subnetId: endpointsSubnetId
    zoneId: zoneIds.?vault ?? ''
  }
}

resource diagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-workspace'
  scope: vault
  properties: {
    workspaceId: workspaceId
    logs: [
      {
        categoryGroup: 'audit'
        enabled: true
      }
    ]
    metrics: [
      {
        category: 'AllMetrics'
        enabled: true
      }
    ]
  }
}

resource lock 'Microsoft.Authorization/locks@2020-05-01' = if (deleteLock) {
  name: 'keep'
  scope: vault
  properties: {
    level: 'CanNotDelete'
    notes: 'Links in mails that are still open are signed with keys in here.'
  }
}

@description('Name of the vault.')
output vaultName string = vault.name

@description('Where secrets are read, with a slash at the end.')
output vaultUri string = vault.properties.vaultUri
