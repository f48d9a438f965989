metadata description = 'The managed backend: a Durable Task Scheduler with one task hub, for when the queues and tables of a storage account no longer do.'

@description('Required. Name of the scheduler.')
param name string

@description('Required. Region.')
param location string

@description('Required. Tags.')
param tags object

@description('Required. Name of the task hub.')
param taskHubName string

type schedulerPlan = 'Consumption' | 'Dedicated'

@description('Required. Consumption pays for each action, 500 a second at most; Dedicated for units of 2,000 a second.')
param plan schedulerPlan

@description('Required. Units of the Dedicated plan; three are spread over zones.')
@minValue(1)
@maxValue(3)
param capacity int

@description('Required. Days that ended instances are kept.')
@minValue(1)
@maxValue(90)
param retentionDays int

@description('Required. Public addresses that may connect, as CIDR; none where there is a private endpoint.')
param allowedAddresses array

@description('Required. Principal that runs the work: the app.')
param workerPrincipalId string

@description('Optional. Subnet of the private endpoint.')
param endpointsSubnetId string = ''

@description('Optional. Private DNS zones by service, where there is a subnet.')
param zoneIds object = {}

@description('Required. Whether a lock keeps the scheduler from being deleted.')
param deleteLock bool

var isPrivate = !empty(endpointsSubnetId)
var publicAccess = isPrivate ? 'Disabled' : 'Enabled'
var consumption = { name: 'Consumption' }
var dedicated = { name: 'Dedicated', capacity: capacity }

// Durable Task Data Contributor, on this task hub alone.
var workerRole = subscriptionResourceId('Microsoft.Authorization/roleDefinitions', '0ad04412-c4d5-4796-b79c-f76d14c8d402')

resource scheduler 'Microsoft.DurableTask/schedulers@2026-02-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    sku: plan == 'Dedicated' ? dedicated : consumption
    ipAllowlist: isPrivate ? [] : allowedAddresses
    publicNetworkAccess: publicAccess
  }
}

resource taskHub 'Microsoft.DurableTask/schedulers/taskHubs@2026-02-01' = {
  parent: scheduler
  name: taskHubName
}

resource retention 'Microsoft.DurableTask/schedulers/retentionPolicies@2026-02-01' = {
  parent: scheduler
  name: 'default'
  properties: {
    retentionPolicies: [
      {
        retentionPeriodInDays: retentionDays
      }
    ]
  }
}

resource worker 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(taskHub.id, workerPrincipalId, workerRole)
  scope: taskHub
  properties: {
    roleDefinitionId: workerRole
    principalId: workerPrincipalId
    principalType: 'ServicePrincipal'
    description: 'The app takes work from its task hub and reports it back.'
  }
}

module endpoint 'private-endpoint.bicep' = if (isPrivate) {
  name: '${name}-endpoint'
  params: {
    name: '${name}-pe'
    location: location
    tags: tags
    serviceId: scheduler.id
    groupId: 'scheduler'
    subnetId: endpointsSubnetId
    zoneId: zoneIds.?scheduler ?? ''
  }
}

resource lock 'Microsoft.Authorization/locks@2020-05-01' = if (deleteLock) {
  name: 'keep'
  scope: scheduler
  properties: {
    level: 'CanNotDelete'
    notes: 'Running workflows are in here.'
  }
}

@description('Where the scheduler is reached.')
output endpoint string = scheduler.properties.endpoint

@description('Name of the task hub.')
output taskHubName string = taskHub.name
