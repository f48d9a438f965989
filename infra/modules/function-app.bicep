metadata description = 'The app: its plan, its settings, and who may come in. What it may touch is decided beside what is touched.'

@description('Required. Name of the app, unique in the world.')
@minLength(2)
@maxLength(43)
param name string

@description('Required. Region.')
param location string

@description('Required. Tags.')
param tags object

@description('Required. Resource id of the identity that the app runs as.')
param identityId string

@description('Required. Client id of that identity.')
param identityClientId string

@description('Required. Name of the account with leases, keys, the package, and the app\'s own data.')
param hostStorageName string

@description('Required. Address of that account\'s blobs, with a slash at the end.')
param hostStorageBlobEndpoint string

@description('Required. Container of that account that the package is put into.')
param packageContainer string

type durableBackend = 'azureStorage' | 'durableTaskScheduler'

@description('Required. Where orchestrations are kept.')
param backend durableBackend

@description('Optional. Name of the task hub\'s account, where storage is the backend.')
param taskHubStorageName string = ''

@description('Required. Parts of the task hub that orchestrations are spread over: at most so many instances run them. It cannot change later.')
@minValue(1)
@maxValue(16)
param partitionCount int

@description('Optional. Where the scheduler is reached, where that is the backend.')
param schedulerEndpoint string = ''

@description('Required. Task hub name: a letter, then letters and digits.')
@minLength(3)
@maxLength(45)
param taskHubName string

@description('Required. Where telemetry is sent.')
param insightsConnectionString string

@description('Required. Workspace that logs go to.')
param workspaceId string

@description('Required. Where secrets are read, with a slash at the end.')
param vaultUri string

@description('Optional. Subnet that the app goes out through.')
param subnetId string = ''

@description('Required. Whether instances are spread over zones.')
param zoneRedundant bool

type instanceMemory = 512 | 2048 | 4096

@description('Required. Memory of an instance in MB: 2048 has one core, 4096 two.')
param instanceMemoryMB instanceMemory

@description('Required. Instances that there may be at most.')
@minValue(40)
@maxValue(1000)
param maximumInstanceCount int

@description('Required. Instances that are always there for orchestrators, activities and entities.')
@minValue(1)
param alwaysReadyDurable int

@description('Required. Instances that are always there for requests; 0 accepts a cold start.')
@minValue(0)
param alwaysReadyHttp int

@description('Required. Worker processes of an instance: one for each core.')
@minValue(1)
@maxValue(4)
param workerProcesses int

@description('Required. Threads of a worker process: what runs at the same time.')
@minValue(1)
@maxValue(32)
param workerThreads int

@description('Optional. Client id of the app registration that people sign in with; empty leaves sign-in off, and keys alone decide.')
param entraClientId string = ''

type telemetryAdapter = 'none' | 'opencensus' | 'azure_monitor'

@description('Required. What the app itself sends telemetry with, beside the host.')
param telemetry telemetryAdapter

@description('Required. Where operators are told that a workflow needs them.')
param operatorsMail string

@description('Optional. Who approves in which role, as JSON: {"manager": ["manager@example.com"]}.')
param approvalRoles string = ''

@description('Optional. Address that people reach the app by, where it has a domain of its own.')
param publicUrl string = ''

@description('Optional. Settings whose values are secrets of the vault, as {SETTING: \'name-of-the-secret\'}.')
param secretSettings object = {}

@description('Optional. Settings on top of all others, for one environment.')
param extraSettings object = {}

@description('Required. Whether a lock keeps the app from being deleted.')
param deleteLock bool

var hasSignIn = !empty(entraClientId)
var concurrency = string(workerProcesses * workerThreads)

// Every one of these is explained in docs/configuration.md.
var commonSettings = {
  AzureWebJobsStorage__accountName: hostStorageName
  AzureWebJobsStorage__credential: 'managedidentity'
  AzureWebJobsStorage__clientId: identityClientId
  AZURE_CLIENT_ID: identityClientId
  APPLICATIONINSIGHTS_CONNECTION_STRING: insightsConnectionString
  APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'Authorization=AAD;ClientId=${identityClientId}'
  TaskHubName: taskHubName
  FUNCTIONS_WORKER_PROCESS_COUNT: string(workerProcesses)
  PYTHON_THREADPOOL_THREAD_COUNT: string(workerThreads)
  // The host takes on what the worker has threads for, whatever the plan: by construction, not by care.
  AzureFunctionsJobHost__extensions__durableTask__maxConcurrentActivityFunctions: concurrency
  AzureFunctionsJobHost__extensions__durableTask__maxConcurrentOrchestratorFunctions: concurrency
  AzureFunctionsJobHost__extensions__durableTask__maxConcurrentEntityFunctions: concurrency
  AZURE_FUNCTIONS_DURABLE_STRICT_TYPING: '1'
  APP_IDENTITY: hasSignIn ? 'easy_auth' : 'none'
  APP_TELEMETRY: telemetry
  OPERATORS_MAIL: operatorsMail
}

// host.json names the storage backend: either these settings lead it to its account, ...
var storageSettings = {
  DurableStorage__accountName: taskHubStorageName
  DurableStorage__credential: 'managedidentity'
  DurableStorage__clientId: identityClientId
  AzureFunctionsJobHost__extensions__durableTask__storageProvider__partitionCount: string(partitionCount)
}

// ... or these put the scheduler in its place.
var schedulerSettings = {
  AzureFunctionsJobHost__extensions__durableTask__storageProvider__type: 'azureManaged'
  AzureFunctionsJobHost__extensions__durableTask__storageProvider__connectionStringName: 'DURABLE_TASK_SCHEDULER_CONNECTION_STRING'
  DURABLE_TASK_SCHEDULER_CONNECTION_STRING: 'Endpoint=${schedulerEndpoint};Authentication=ManagedIdentity;ClientID=${identityClientId}'
}

// The identity vouches for the app registration: there is no client secret to keep or to rotate.
var signInSettings = {
  OVERRIDE_USE_MI_FIC_ASSERTION_CLIENTID: identityClientId
  WEBSITE_AUTH_AAD_ALLOWED_TENANTS: tenant().tenantId
}

var roles = empty(approvalRoles) ? {} : { APPROVAL_ROLES: approvalRoles }
var address = empty(publicUrl) ? {} : { APP_PUBLIC_URL: publicUrl }
var backendSettings = backend == 'azureStorage' ? storageSettings : schedulerSettings
var chosenSettings = union(backendSettings, roles, address, hasSignIn ? signInSettings : {})
var plainSettings = [for setting in items(union(commonSettings, chosenSettings, extraSettings)): { name: setting.key, value: setting.value }]
var referenceSettings = [for setting in items(secretSettings): { name: setting.key, value: '@Microsoft.KeyVault(SecretUri=${vaultUri}secrets/${setting.value})' }]

var durableReady = { name: 'durable', instanceCount: alwaysReadyDurable }
var httpReady = { name: 'http', instanceCount: alwaysReadyHttp }
var alwaysReady = alwaysReadyHttp > 0 ? [durableReady, httpReady] : [durableReady]

resource plan 'Microsoft.Web/serverfarms@2025-03-01' = {
  name: '${name}-plan'
  location: location
  tags: tags
  kind: 'functionapp'
  sku: {
    name: 'FC1'
    tier: 'FlexConsumption'
  }
  properties: {
    reserved: true
    zoneRedundant: zoneRedundant
  }
}

resource site 'Microsoft.Web/sites@2025-03-01' = {
  name: name
  location: location
  // azd finds by this tag where to deploy to.
  tags: union(tags, { 'azd-service-name': 'app' })
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: {
      '${identityId}': {}
    }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    clientAffinityEnabled: false
    publicNetworkAccess: 'Enabled'
    keyVaultReferenceIdentity: identityId
    virtualNetworkSubnetId: empty(subnetId) ? null : subnetId
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: '${hostStorageBlobEndpoint}${packageContainer}'
          authentication: {
            type: 'UserAssignedIdentity'
            userAssignedIdentityResourceId: identityId
          }
        }
      }
      runtime: {
        name: 'python'
        version: '3.13'
      }
      scaleAndConcurrency: {
        instanceMemoryMB: instanceMemoryMB
        maximumInstanceCount: maximumInstanceCount
        alwaysReady: alwaysReady
        triggers: {
          http: {
            perInstanceConcurrency: workerProcesses * workerThreads
          }
        }
      }
    }
    siteConfig: {
      ftpsState: 'Disabled'
      http20Enabled: true
      minTlsVersion: '1.2'
      scmMinTlsVersion: '1.2'
      remoteDebuggingEnabled: false
      appSettings: concat(plainSettings, referenceSettings)
    }
  }
}

// Publishing with a user name and a password is off; identities deploy.
resource ftp 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2025-03-01' = {
  parent: site
  name: 'ftp'
  properties: {
    allow: false
  }
}

resource scm 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2025-03-01' = {
  parent: site
  name: 'scm'
  properties: {
    allow: false
  }
}

resource diagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-workspace'
  scope: site
  properties: {
    workspaceId: workspaceId
    // FunctionAppLogs would repeat what Application Insights has already.
    logs: [
      {
        category: 'AppServiceAuthenticationLogs'
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
  scope: site
  properties: {
    level: 'CanNotDelete'
    notes: 'Workflows in flight need it to go on.'
  }
}

@description('Name of the app.')
output appName string = site.name

@description('Where the app is reached.')
output uri string = 'https://${site.properties.defaultHostName}'
