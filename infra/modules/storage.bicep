metadata description = 'One storage account that only identities open, with the roles, the private endpoints, the logs and the lock that belong to it.'

@description('Required. Name of the account, unique in the world.')
@minLength(3)
@maxLength(24)
param name string

@description('Required. Region.')
param location string

@description('Required. Tags; they say what the account is for.')
param tags object

type replication = 'Standard_LRS' | 'Standard_ZRS' | 'Standard_GZRS' | 'Standard_RAGZRS'

@description('Required. How copies are kept.')
param sku replication

@description('Optional. Blob containers to make.')
param containers array = []

@description('Optional. Queues to make.')
param queues array = []

@description('Required. Services that are used and get an endpoint of their own: blob, queue, table.')
param services array

@description('Required. Principal that the roles are given to: the app.')
param principalId string

@description('Required. What the principal may do: blobOwner, blobContributor, queueContributor, tableContributor.')
param roles array

@description('Optional. Subnet of the private endpoints; without one the account is reached publicly, with Entra tokens only.')
param endpointsSubnetId string = ''

@description('Optional. Private DNS zones by service, where there is a subnet.')
param zoneIds object = {}

@description('Required. Days in which deleted blobs and containers come back.')
@minValue(1)
@maxValue(365)
param restoreDays int

@description('Required. Workspace that logs go to.')
param workspaceId string

@description('Required. Whether a lock keeps the account from being deleted.')
param deleteLock bool

var isPrivate = !empty(endpointsSubnetId)
var publicAccess = isPrivate ? 'Disabled' : 'Enabled'
var elsewhere = isPrivate ? 'Deny' : 'Allow'
var servicesInside = isPrivate ? services : []

var roleIds = {
  blobOwner: 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b' // Storage Blob Data Owner
  blobContributor: 'ba92f5b4-2d11-453d-a403-e96b0029c9fe' // Storage Blob Data Contributor
  queueContributor: '974c5e8b-45b9-4653-ba55-5f855dd0fb88' // Storage Queue Data Contributor
  tableContributor: '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3' // Storage Table Data Contributor
}

resource account 'Microsoft.Storage/storageAccounts@2025-06-01' = {
  name: name
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: {
    name: sku
  }
  properties: {
    accessTier: 'Hot'
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    allowSharedKeyAccess: false
    allowedCopyScope: 'AAD'
    defaultToOAuthAuthentication: true
    isLocalUserEnabled: false
    isSftpEnabled: false
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    publicNetworkAccess: publicAccess
    networkAcls: {
      bypass: 'None'
      defaultAction: elsewhere
    }
    encryption: {
      keySource: 'Microsoft.Storage'
      requireInfrastructureEncryption: true
      services: {
        blob: {
          enabled: true
          keyType: 'Account'
        }
        // Queues and tables keep the scope that they are made with, so it is chosen now: see docs/security.md.
        queue: {
          enabled: true
          keyType: 'Account'
        }
        table: {
          enabled: true
          keyType: 'Account'
        }
      }
    }
  }
}

resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2025-06-01' = {
  parent: account
  name: 'default'
  properties: {
    deleteRetentionPolicy: {
      enabled: true
      days: restoreDays
    }
    containerDeleteRetentionPolicy: {
      enabled: true
      days: restoreDays
    }
  }
}

resource queueService 'Microsoft.Storage/storageAccounts/queueServices@2025-06-01' = {
  parent: account
  name: 'default'
}

resource tables 'Microsoft.Storage/storageAccounts/tableServices@2025-06-01' = {
  parent: account
  name: 'default'
}

resource blobContainers 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-06-01' = [
  for container in containers: {
    parent: blobs
    name: container
    properties: {
      publicAccess: 'None'
    }
  }
]

resource namedQueues 'Microsoft.Storage/storageAccounts/queueServices/queues@2025-06-01' = [
  for queue in queues: {
    parent: queueService
    name: queue
  }
]

resource grants 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for role in roles: {
    name: guid(account.id, principalId, roleIds[role])
    scope: account
    properties: {
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleIds[role])
      principalId: principalId
      principalType: 'ServicePrincipal'
    }
  }
]

module endpoints 'private-endpoint.bicep' = [
  for service in servicesInside: {
    name: '${name}-${service}-endpoint'
    params: {
      name: '${name}-${service}-pe'
      location: location
      tags: tags
      serviceId: account.id
      groupId: service
      subnetId: endpointsSubnetId
      zoneId: zoneIds[?service] ?? ''
    }
  }
]

resource accountMetrics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-workspace'
  scope: account
  properties: {
    workspaceId: workspaceId
    metrics: [
      {
        category: 'Transaction'
        enabled: true
      }
    ]
  }
}

// Reads are left out: the task hub polls all day, and metrics count what it costs.
resource blobLogs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-workspace'
  scope: blobs
  properties: {
    workspaceId: workspaceId
    logs: [
      {
        category: 'StorageDelete'
        enabled: true
      }
    ]
  }
}

resource queueLogs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-workspace'
  scope: queueService
  properties: {
    workspaceId: workspaceId
    metrics: [
      {
        category: 'Capacity'
        enabled: true
      }
    ]
  }
}

resource tableLogs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-workspace'
  scope: tables
  properties: {
    workspaceId: workspaceId
    metrics: [
      {
        category: 'Capacity'
        enabled: true
      }
    ]
  }
}

resource lock 'Microsoft.Authorization/locks@2020-05-01' = if (deleteLock) {
  name: 'keep'
  scope: account
  properties: {
    level: 'CanNotDelete'
    notes: 'Running workflows, ledgers and audit logs are in here.'
  }
}

@description('Resource id of the account.')
output resourceId string = account.id

@description('Name of the account; settings reach its services by it.')
output accountName string = account.name

@description('Address of its blobs, with a slash at the end.')
output blobEndpoint string = account.properties.primaryEndpoints.blob
